package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class HutchDevicesTest {
  private static DeviceConfig device(String name, boolean enabled, String... needs) {
    Value.Fields settings =
        DeviceConfig.of(name, "SimMotor", Value.Fields.EMPTY)
            .settings()
            .with("enabled", Value.of(enabled))
            .with("needs", Value.of(Stream.of(needs).map(Value::of).toList()));
    return DeviceFile.device(name, settings, DeviceTypes.standard()).orThrow().get(0);
  }

  private static List<String> names(List<DeviceConfig> devices) {
    return devices.stream().map(device -> device.name().value()).toList();
  }

  @Test
  void startsWhatIsNeededFirst() {
    HutchDevices devices =
        new HutchDevices(
            List.of(
                device("a", true, "c"),
                device("b", true),
                device("c", true, "d"),
                device("d", true)),
            true);
    assertThat(names(devices.inOrder())).containsExactly("d", "c", "a", "b");
  }

  @Test
  void tellsADeviceWhatItNeedsAndHasNot() {
    DeviceConfig needy = device("a", true, "off", "gone", "b");
    HutchDevices devices =
        new HutchDevices(List.of(needy, device("off", false), device("b", true)), true);
    assertThat(devices.problemOfNeeds(needy))
        .isEqualTo("a needs off, which is disabled; a needs gone, which is not there");
    assertThat(devices.problemOfNeeds(device("b", true))).isEmpty();
  }

  @Test
  void knowsFromWhichConfigurationsADeviceOfOthersIsMade() {
    DeviceConfig group =
        DeviceConfig.of(
            "g",
            "DeviceGroup",
            Value.Fields.EMPTY.with("devices", Value.of(List.of(Value.of("a")))));
    DeviceConfig a = device("a", true);
    HutchDevices devices = new HutchDevices(List.of(group, a, device("b", true)), true);
    List<DeviceConfig> before = devices.madeFrom(group.name());
    assertThat(before).containsExactly(group, a);

    devices.replace(List.of(group, a, device("b", false)));
    assertThat(devices.madeFrom(group.name())).isEqualTo(before);
    devices.replace(List.of(group, device("a", false), device("b", false)));
    assertThat(devices.madeFrom(group.name())).isNotEqualTo(before);
    devices.replace(List.of(a));
    assertThat(devices.madeFrom(group.name())).isEmpty();
  }

  @Test
  void namesWhatMustLookAfterAChange() {
    HutchDevices devices =
        new HutchDevices(
            List.of(
                device("a", true), device("b", true, "a"), device("c", true), device("d", true)),
            false);
    assertThat(devices.isKnown()).isFalse();

    List<DeviceName> changed =
        devices.replace(
            List.of(
                device("a", false), device("b", true, "a"), device("c", true), device("e", true)));

    assertThat(changed.stream().map(DeviceName::value)).containsExactly("a", "b", "e", "d");
    assertThat(devices.isKnown()).isTrue();
  }
}

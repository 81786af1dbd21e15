package org.beamhive.devices.actor;

import java.util.Set;
import java.util.TreeSet;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;

/** Puts together what others see of a device. */
final class DeviceViews {
  private DeviceViews() {}

  static DeviceView of(
      DeviceConfig config,
      HutchName hutch,
      String node,
      Device device,
      Limits softLimits,
      DeviceView.State state,
      String problem) {
    DeviceFacts facts = device.facts();
    Set<DeviceView.Ability> abilities = new TreeSet<>(device.abilities());
    if (config.readOnly()) {
      abilities.remove(DeviceView.Ability.MOVABLE);
    }
    return new DeviceView(
        config.name(),
        hutch,
        node,
        config.deviceClass(),
        config.description(),
        state,
        problem,
        abilities,
        config.readoutPriority(),
        config.softwareTrigger(),
        SoftLimits.both(facts.limits(), softLimits),
        facts.units(),
        facts.precision(),
        facts.hints(),
        config.tags(),
        config.readOnly(),
        config.needs(),
        config.userParameter());
  }
}

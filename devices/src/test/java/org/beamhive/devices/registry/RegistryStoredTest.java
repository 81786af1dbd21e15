package org.beamhive.devices.registry;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What was stored by any version of Beamhive is read for ever. The golden files are never written
 * again: a change of an event gets a new name and a new file. {@code -Dbeamhive.golden=write}
 * writes those that are missing.
 */
class RegistryStoredTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final int SERIALIZER = 7403;
  private static final Path FILES = Path.of("src/test/resources/golden/device-registry");

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private static Map<String, RegistryStored> samples() {
    HutchName hutch = new HutchName("eh1");
    Value.Fields settings =
        Value.Fields.EMPTY
            .with("deviceClass", Value.of("SimMotor"))
            .with("deviceConfig", Value.Fields.EMPTY.with("delay", Value.of(0.5)))
            .with("enabled", Value.of(true))
            .with("deviceTags", Value.of(List.of(Value.of("sample"))));
    RegistryEvent.Changed loaded =
        new RegistryEvent.Changed(
            1000.25,
            "loaded",
            List.of(new DeviceChange(new DeviceName("samx"), hutch, null, settings)),
            Map.of("eh1", new FileMark("eh1.yaml", "abc", 999.5)),
            0,
            "");
    RegistryEvent.Changed removed =
        new RegistryEvent.Changed(
            1001,
            "removed",
            List.of(new DeviceChange(new DeviceName("samx"), hutch, settings, null)),
            Map.of(),
            0,
            "");
    RegistryEvent.Changed asked =
        new RegistryEvent.Changed(
            1002.5,
            "updated",
            List.of(new DeviceChange(new DeviceName("samx"), hutch, settings, settings)),
            Map.of(),
            0,
            "fli at 10.0.0.5");
    Map<String, RegistryStored> samples = new LinkedHashMap<>();
    samples.put("changed1", loaded);
    samples.put("state1", RegistryState.empty(50).on(loaded).on(removed).on(loaded));
    samples.put("changed1-who", asked);
    samples.put("state1-who", RegistryState.empty(50).on(loaded).on(asked));
    return samples;
  }

  private static Stream<String> names() {
    return samples().keySet().stream();
  }

  private static Serialization serialization() {
    return SerializationExtension.get(Adapter.toClassic(KIT.system()));
  }

  @ParameterizedTest
  @MethodSource("names")
  void isReadAsItWasStored(String name) throws IOException {
    RegistryStored sample = samples().get(name);
    write(name, sample);
    String golden = "/golden/device-registry/" + name + ".cbor";
    try (InputStream file = getClass().getResourceAsStream(golden)) {
      assertThat(file).as("golden file of %s", name).isNotNull();
      assertThat(serialization().deserialize(file.readAllBytes(), SERIALIZER, "").get())
          .isEqualTo(sample);
    }
  }

  private static void write(String name, RegistryStored sample) throws IOException {
    Path file = FILES.resolve(name + ".cbor");
    if ("write".equals(System.getProperty("beamhive.golden")) && !Files.exists(file)) {
      Files.createDirectories(FILES);
      Files.write(file, serialization().serialize(sample).get());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void isWrittenByItsOwnSerializer(String name) {
    RegistryStored sample = samples().get(name);
    assertThat(serialization().findSerializerFor(sample).identifier()).isEqualTo(SERIALIZER);
    byte[] bytes = serialization().serialize(sample).get();
    assertThat(serialization().deserialize(bytes, SERIALIZER, "").get()).isEqualTo(sample);
  }

  @Test
  void everyEventHasASample() {
    assertThat(samples().values().stream().map(Object::getClass))
        .containsAll(Arrays.<Class<?>>asList(RegistryEvent.class.getPermittedSubclasses()));
  }
}

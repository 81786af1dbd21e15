package org.beamhive.protocol.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.beamhive.protocol.document.Datum;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.Resource;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What run logs hold is read for ever. The files of {@code golden/run-entry} are never changed and
 * never deleted: {@code x.hex} holds the bytes as a journal has them, {@code x.json} the same for
 * people. When an entry gets a new component, add an example here with its two files; the old ones
 * stay and are read with the component's default.
 */
class RunEntryGoldenTest {
  private static final ActorTestKit KIT = ActorTestKit.create("golden");
  private static final Serialization AKKA = SerializationExtension.get(KIT.system());
  private static final int SERIALIZER = 7401;

  private static final Path FOLDER = Path.of("src/test/resources/golden/run-entry");
  private static final ObjectMapper CBOR = new CBORMapper();
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final RunUid RUN = new RunUid("3f2b8c1e-5a64-4d0e-9c55-0a1b2c3d4e5f");
  private static final Map<String, RunEntry> GOLDEN = golden();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static Map<String, RunEntry> golden() {
    Map<String, RunEntry> entries = new LinkedHashMap<>();
    entries.put("start1", new RunEntry.Started(start()));
    entries.put("descriptor1", new RunEntry.Described(descriptor()));
    entries.put("event1", new RunEntry.Measured(event()));
    entries.put("event1-not-finite", new RunEntry.Measured(notFinite()));
    entries.put("stop1", new RunEntry.Stopped(stopped()));
    entries.put("answer1", new RunEntry.Answered(7, Value.of(1.25)));
    entries.put("answer1-none", new RunEntry.Answered(8, Value.None.NONE));
    entries.put("event1-with-datum", new RunEntry.Measured(withDatum()));
    entries.put("descriptor1-external", new RunEntry.Described(external()));
    entries.put("asset1", new RunEntry.Referenced(streamResource()));
    entries.put("asset1-stream-datum", new RunEntry.Referenced(streamDatum()));
    entries.put("asset1-resource", new RunEntry.Referenced(resource()));
    entries.put("asset1-datum", new RunEntry.Referenced(datum()));
    return entries;
  }

  private static Event withDatum() {
    return new Event(
        "7c6d5e4f-3a2b-4c1d-8e9f-a0b1c2d3e4f7",
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e6f",
        5,
        1763719267.125,
        List.of(new Reading("cam_image", Value.of("r/4"), 1763719267.0, AlarmSeverity.NO_ALARM)),
        List.of("cam_image"));
  }

  private static EventDescriptor external() {
    DataKey image =
        DataKey.inFile(List.of(1, 512, 640), "PV:BH:cam1:", "<u2", "cam", DataKey.STREAM);
    DeviceDescription cam =
        new DeviceDescription(
            new DeviceName("cam"),
            "AreaDetector",
            Map.of("cam", image),
            List.of(),
            List.of(),
            Map.of());
    return new EventDescriptor(
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e70", RUN, 1763719264.5, "primary", List.of(cam));
  }

  private static StreamResource streamResource() {
    return new StreamResource(
        "1e2d3c4b-5a69-4788-8796-a5b4c3d2e1f0",
        RUN,
        1763719264.5,
        "cam",
        "application/x-hdf5",
        "file://localhost/data/a.h5",
        Value.Fields.EMPTY
            .with("dataset", Value.of("/entry/data/data"))
            .with("chunk_shape", Value.of(List.of(Value.of(1), Value.of(512), Value.of(640)))));
  }

  private static StreamDatum streamDatum() {
    return new StreamDatum(
        "1e2d3c4b-5a69-4788-8796-a5b4c3d2e1f0/3",
        "1e2d3c4b-5a69-4788-8796-a5b4c3d2e1f0",
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e70",
        1763719264.75,
        new StreamDatum.Range(3, 4),
        new StreamDatum.Range(7, 8));
  }

  private static Resource resource() {
    return new Resource(
        "r",
        RUN,
        1763719264.5,
        "AD_HDF5",
        "/data",
        "2026/a.h5",
        Value.Fields.EMPTY.with("frame_per_point", Value.of(2)));
  }

  private static Datum datum() {
    return new Datum(
        "r/4", "r", 1763719264.75, Value.Fields.EMPTY.with("point_number", Value.of(4)));
  }

  private static RunStart start() {
    Value.Fields metadata =
        Value.Fields.EMPTY
            .with("plan_name", Value.of("scan"))
            .with("plan_args", Value.Fields.EMPTY.with("num", Value.of(11)))
            .with("motors", Value.of(List.of(Value.of("samx"))))
            .with("big", Value.of((1L << 53) + 1))
            .with("dwell", Value.of(1.0))
            .with("aligned", Value.of(true))
            .with("sample", Value.None.NONE)
            .with("comment", Value.of("Größe 2 µm"));
    return new RunStart(RUN, 1763719264.25, 4711, metadata);
  }

  private static EventDescriptor descriptor() {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    keys.put(
        "samx",
        new DataKey("number", List.of(), "PV:X:m1.RBV", "mm", 3, "<f8", "samx", null, -10.0, 10.0));
    keys.put("samx_setpoint", DataKey.number("PV:X:m1.VAL", "samx"));
    Map<String, DataKey> configurationKeys = new LinkedHashMap<>();
    configurationKeys.put(
        "samx_mode",
        new DataKey(
            "string",
            List.of(),
            "PV:X:m1.SPMG",
            null,
            null,
            "|S40",
            "samx",
            List.of("Stop", "Go"),
            null,
            null));
    DeviceDescription samx =
        new DeviceDescription(
            new DeviceName("samx"),
            "EpicsMotor",
            keys,
            List.of("samx"),
            List.of(new Reading("samx_mode", Value.of("Go"), 1763719200.5, AlarmSeverity.NO_ALARM)),
            configurationKeys);
    DataKey spectrum =
        new DataKey("array", List.of(4), "SIM:mca", "counts", null, "<i8", "mca", null, null, null);
    DeviceDescription mca =
        new DeviceDescription(
            new DeviceName("mca"),
            "SimDetector",
            Map.of("mca", spectrum),
            List.of(),
            List.of(),
            Map.of());
    return new EventDescriptor(
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e6f", RUN, 1763719264.5, "primary", List.of(samx, mca));
  }

  private static Event event() {
    return new Event(
        "7c6d5e4f-3a2b-4c1d-8e9f-a0b1c2d3e4f5",
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e6f",
        3,
        1763719265.125,
        List.of(
            new Reading("samx", Value.of(-0.5), 1763719265.0, AlarmSeverity.MINOR),
            new Reading("samx_setpoint", Value.of(-0.5), 1763719264.0, AlarmSeverity.NO_ALARM),
            new Reading(
                "mca",
                Value.of(List.of(Value.of(0), Value.of(1), Value.of(70000), Value.of(2))),
                1763719265.0625,
                AlarmSeverity.NO_ALARM)));
  }

  private static Event notFinite() {
    return new Event(
        "7c6d5e4f-3a2b-4c1d-8e9f-a0b1c2d3e4f6",
        "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e6f",
        4,
        1763719266.125,
        List.of(
            new Reading("nan", Value.of(Double.NaN), 1763719266.0, AlarmSeverity.INVALID),
            new Reading(
                "up", Value.of(Double.POSITIVE_INFINITY), 1763719266.0, AlarmSeverity.MAJOR),
            new Reading("none", Value.None.NONE, 1763719266.0, AlarmSeverity.NO_ALARM)));
  }

  private static RunStop stopped() {
    Map<String, Long> numEvents = new LinkedHashMap<>();
    numEvents.put("primary", 11L);
    numEvents.put("baseline", 2L);
    return new RunStop(
        "9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d",
        RUN,
        1763719300.75,
        "abort",
        "stopped by the operator",
        numEvents);
  }

  static Stream<String> names() {
    return GOLDEN.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void readsWhatWasStored(String name) {
    assertThat(read(stored(name))).isEqualTo(GOLDEN.get(name));
  }

  @ParameterizedTest
  @MethodSource("names")
  void writesWhatIsStoredHere(String name) throws IOException {
    byte[] bytes = AKKA.serializerFor(RunEntry.class).toBinary(GOLDEN.get(name));
    assertThat(hex(bytes))
        .as("the format has changed: keep the old files, add new ones (%s)", CBOR.readTree(bytes))
        .isEqualTo(hex(stored(name)));
  }

  @ParameterizedTest
  @MethodSource("names")
  void isShownToPeopleBesideTheBytes(String name) throws IOException {
    JsonNode shown = JSON.readTree(text(name + ".json"));
    // as text, since NaN equals nothing and a long's node is another than an int's
    assertThat(CBOR.readTree(stored(name)).toString()).isEqualTo(shown.toString());
  }

  @Test
  void everyFileIsReadAndEveryKindHasOne() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString().replaceAll("\\.(hex|json)$", ""))
                  .distinct())
          .containsExactlyInAnyOrderElementsOf(GOLDEN.keySet());
    }
    assertThat(Arrays.stream(RunEntry.class.getAnnotation(JsonSubTypes.class).value()))
        .allSatisfy(kind -> assertThat(GOLDEN).containsKey(kind.name()));
    assertThat(GOLDEN.values().stream().<Class<?>>map(Object::getClass).distinct())
        .containsExactlyInAnyOrder(RunEntry.class.getPermittedSubclasses());
  }

  @ParameterizedTest
  @MethodSource("names")
  void ignoresComponentsThatALaterVersionHasAdded(String name) throws IOException {
    JsonNode later = CBOR.readTree(stored(name));
    addUnknown(later);
    assertThat(read(CBOR.writeValueAsBytes(later))).isEqualTo(GOLDEN.get(name));
  }

  @Test
  void fillsInWhatAnEarlierVersionDidNotHave() throws IOException {
    ObjectNode descriptor = (ObjectNode) CBOR.readTree(stored("descriptor1"));
    ObjectNode key = (ObjectNode) descriptor.at("/document/devices/0/dataKeys/samx");
    key.retain("dtype", "source");
    RunEntry.Described described = (RunEntry.Described) read(CBOR.writeValueAsBytes(descriptor));
    assertThat(described.document().devices().get(0).dataKeys().get("samx"))
        .isEqualTo(
            new DataKey(
                "number", List.of(), "PV:X:m1.RBV", null, null, null, null, null, null, null));

    ObjectNode start = (ObjectNode) CBOR.readTree(stored("start1"));
    ((ObjectNode) start.get("document")).remove(List.of("scanId", "metadata"));
    assertThat(read(CBOR.writeValueAsBytes(start)))
        .isEqualTo(new RunEntry.Started(new RunStart(RUN, 1763719264.25, 0, Value.Fields.EMPTY)));

    ObjectNode answer = (ObjectNode) CBOR.readTree(stored("answer1"));
    answer.remove("answer");
    assertThat(read(CBOR.writeValueAsBytes(answer)))
        .isEqualTo(new RunEntry.Answered(7, Value.None.NONE));
  }

  @Test
  void refusesAKindThatItDoesNotKnow() throws IOException {
    ObjectNode entry = (ObjectNode) CBOR.readTree(stored("answer1"));
    entry.put("t", "answer9");
    byte[] bytes = CBOR.writeValueAsBytes(entry);
    assertThatThrownBy(() -> read(bytes)).hasMessageContaining("answer9");
  }

  /** Adds a component to every record; maps by name have none, so what they hold is left. */
  private static void addUnknown(JsonNode node) {
    if (node instanceof ObjectNode object && (object.has("t") || object.has("time"))) {
      object.putObject("addedLater").put("x", 1);
    }
    if (node instanceof ObjectNode object && (object.has("dtype") || object.has("className"))) {
      object.put("addedLater", 1);
    }
    if (node instanceof ArrayNode reading && reading.size() == 4 && reading.get(0).isTextual()) {
      reading.add("added later");
      return;
    }
    node.forEach(RunEntryGoldenTest::addUnknown);
  }

  private static RunEntry read(byte[] bytes) {
    return (RunEntry) AKKA.deserialize(bytes, SERIALIZER, "").get();
  }

  private static byte[] stored(String name) {
    return HexFormat.of().parseHex(text(name + ".hex").replaceAll("\\s", ""));
  }

  private static String text(String file) {
    try {
      return Files.readString(FOLDER.resolve(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}

package org.beamhive.protocol.document;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What DocumentJson writes is what readers of the event model expect. */
class DocumentJsonTest {
  /** Refuses a name that comes twice in an object. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
  private static final RunUid RUN = new RunUid("3f2b8c1e-5a64-4d0e-9c55-0a1b2c3d4e5f");
  private static final String DESCRIPTOR = "0d9e8f7a-6b5c-4a3d-8e2f-1a2b3c4d5e6f";
  private static final double TIME = 1763719264.123456;

  private static JsonNode json(Document document) throws JsonProcessingException {
    return JSON.readTree(DocumentJson.write(document));
  }

  private static Set<ValidationMessage> problems(String name, JsonNode document) {
    JsonSchema schema =
        SCHEMAS.getSchema(
            DocumentJsonTest.class.getResourceAsStream("/event-model/" + name + ".json"));
    return schema.validate(document);
  }

  private static RunStart start(Value.Fields metadata) {
    return new RunStart(RUN, TIME, 4711, metadata);
  }

  private static RunStart start() {
    Value dimension = Value.of(List.of(Value.of(List.of(Value.of("samx"))), Value.of("primary")));
    return start(
        Value.Fields.EMPTY
            .with("plan_name", Value.of("grid_scan"))
            .with("plan_args", Value.Fields.EMPTY.with("num", Value.of(11)))
            .with("detectors", Value.of(List.of(Value.of("mca"))))
            .with("shape", Value.of(List.of(Value.of(3), Value.of(4))))
            .with("extents", Value.of(List.of(Value.of(List.of(Value.of(-1.0), Value.of(1.0))))))
            .with("owner", Value.of("ana"))
            .with("sample", Value.Fields.EMPTY.with("name", Value.of("Ångström µ")))
            .with("hints", Value.Fields.EMPTY.with("dimensions", Value.of(List.of(dimension)))));
  }

  private static DataKey limited(double low, double high) {
    return new DataKey("number", List.of(), "PV:X:m1.RBV", "mm", 3, "<f8", "samx", null, low, high);
  }

  private static EventDescriptor descriptor(DataKey samxKey) {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    keys.put("samx", samxKey);
    keys.put("samx_setpoint", DataKey.number("PV:X:m1.VAL", "samx"));
    DataKey mode =
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
            null);
    DeviceDescription samx =
        new DeviceDescription(
            new DeviceName("samx"),
            "EpicsMotor",
            keys,
            List.of("samx"),
            List.of(new Reading("samx_mode", Value.of("Go"), TIME, AlarmSeverity.NO_ALARM)),
            Map.of("samx_mode", mode));
    DeviceDescription mca =
        new DeviceDescription(
            new DeviceName("mca"),
            "SimDetector",
            Map.of(
                "mca",
                new DataKey(
                    "array", List.of(4), "SIM:mca", null, null, "<i8", "mca", null, null, null)),
            List.of(),
            List.of(),
            Map.of());
    return new EventDescriptor(DESCRIPTOR, RUN, TIME, "primary", List.of(samx, mca));
  }

  private static Event event(Reading... readings) {
    return new Event(
        "7c6d5e4f-3a2b-4c1d-8e9f-a0b1c2d3e4f5", DESCRIPTOR, 1, TIME, List.of(readings));
  }

  private static Reading reading(String key, Value value) {
    return new Reading(key, value, TIME, AlarmSeverity.NO_ALARM);
  }

  private static Event event() {
    return event(
        reading("samx", Value.of(-0.5)),
        reading("samx_setpoint", Value.of(Double.NaN)),
        reading("mca", Value.of(List.of(Value.of(0), Value.of(70000)))));
  }

  private static RunStop stop(String exitStatus) {
    Map<String, Long> numEvents = new LinkedHashMap<>();
    numEvents.put("primary", 11L);
    numEvents.put("baseline", 0L);
    return new RunStop(
        "9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d", RUN, TIME, exitStatus, "", numEvents);
  }

  static Stream<Document> documents() {
    return Stream.of(
        start(),
        start(Value.Fields.EMPTY),
        descriptor(limited(-10, 10)),
        new EventDescriptor(DESCRIPTOR, RUN, TIME, "baseline", List.of()),
        event(),
        event(new Reading[0]),
        stop("success"),
        stop("abort"),
        stop("fail"),
        withDatum(),
        streamResource().placed(RUN, DESCRIPTOR, 7),
        new StreamDatum("r/3", "r", "", TIME, new StreamDatum.Range(3, 4), StreamDatum.Range.NONE)
            .placed(RUN, DESCRIPTOR, 7),
        resource().placed(RUN, DESCRIPTOR, 7),
        datum().placed(RUN, DESCRIPTOR, 7));
  }

  private static Event withDatum() {
    Reading id = reading("cam_image", Value.of("r/3"));
    return new Event("e", DESCRIPTOR, 4, TIME, List.of(id), List.of("cam_image"));
  }

  private static StreamResource streamResource() {
    return new StreamResource(
        "r",
        null,
        TIME,
        "cam",
        "application/x-hdf5",
        "file://localhost/data/a.h5",
        Value.Fields.EMPTY.with("dataset", Value.of("/entry/data/data")));
  }

  private static Resource resource() {
    Value.Fields kwargs = Value.Fields.EMPTY.with("frame_per_point", Value.of(2));
    return new Resource("r", null, TIME, "AD_HDF5", "/data", "2026/a.h5", kwargs);
  }

  private static Datum datum() {
    return new Datum("r/3", "r", TIME, Value.Fields.EMPTY.with("point_number", Value.of(3)));
  }

  @Test
  void aDatumIsPlacedAtTheEventThatItBelongsTo() throws Exception {
    StreamDatum.Range frames = new StreamDatum.Range(3, 5);
    AssetDocument made = new StreamDatum("r/3", "r", "", TIME, frames, StreamDatum.Range.NONE);
    assertThat(json(made.placed(RUN, DESCRIPTOR, 7)).toString())
        .isEqualTo(
            "{\"uid\":\"r/3\",\"stream_resource\":\"r\",\"descriptor\":\""
                + DESCRIPTOR
                + "\",\"indices\":{\"start\":3,\"stop\":5},\"seq_nums\":{\"start\":7,\"stop\":9}}");
    assertThat(json(streamResource().placed(RUN, DESCRIPTOR, 7)).get("run_start").textValue())
        .isEqualTo(RUN.value());
  }

  @Test
  void anEventSaysWhichOfItsValuesAreElsewhere() throws Exception {
    assertThat(json(withDatum()).get("filled").toString()).isEqualTo("{\"cam_image\":false}");
    assertThat(json(event()).get("filled").toString()).isEqualTo("{}");
    DataKey inFile = DataKey.inFile(List.of(1, 4, 6), "PV:X:", "<u2", "cam", DataKey.STREAM);
    JsonNode key = json(descriptor(inFile)).at("/data_keys/samx");
    assertThat(key.get("external").textValue()).isEqualTo("STREAM:");
    assertThat(key.get("shape").toString()).isEqualTo("[1,4,6]");
  }

  @ParameterizedTest
  @MethodSource("documents")
  void writesDocumentsOfTheEventModel(Document document) throws Exception {
    assertThat(problems(document.documentName(), json(document))).isEmpty();
    assertThat(DocumentJson.write(document)).doesNotContain("\n");
  }

  @Test
  void theSchemasRefuseWhatIsWrong() throws Exception {
    for (Document document :
        documents().filter(each -> !(each instanceof AssetDocument)).toList()) {
      for (String required : List.of("uid", "time")) {
        ObjectNode broken = (ObjectNode) json(document);
        broken.remove(required);
        assertThat(problems(document.documentName(), broken)).isNotEmpty();
      }
    }
    assertThat(problems("start", ((ObjectNode) json(start())).put("a.b", 1))).isNotEmpty();
    ObjectNode nested = (ObjectNode) json(start());
    ((ObjectNode) nested.get("sample")).put("a/b", 1);
    assertThat(problems("start", nested)).isNotEmpty();
    assertThat(problems("event", ((ObjectNode) json(event())).put("extra", 1))).isNotEmpty();
    assertThat(problems("stop", json(stop("aborted")))).isNotEmpty();
    ObjectNode descriptor = (ObjectNode) json(descriptor(limited(-10, 10)));
    ((ObjectNode) descriptor.at("/data_keys/samx")).put("dtype", "float");
    assertThat(problems("descriptor", descriptor)).isNotEmpty();
  }

  @Test
  void writesTheNamesOfTheEventModel() throws Exception {
    JsonNode event = json(event());
    assertThat(names(event))
        .containsExactly("uid", "time", "descriptor", "seq_num", "data", "timestamps", "filled");
    assertThat(names(event.get("data"))).containsExactly("samx", "samx_setpoint", "mca");
    assertThat(names(event.get("timestamps"))).containsExactly("samx", "samx_setpoint", "mca");
    assertThat(names(json(stop("success"))))
        .containsExactly("uid", "run_start", "time", "exit_status", "reason", "num_events");
    JsonNode descriptor = json(descriptor(limited(-10, 10)));
    assertThat(names(descriptor.get("data_keys"))).containsExactly("samx", "samx_setpoint", "mca");
    assertThat(descriptor.at("/object_keys/samx").toString())
        .isEqualTo("[\"samx\",\"samx_setpoint\"]");
    assertThat(descriptor.at("/hints/samx/fields").toString()).isEqualTo("[\"samx\"]");
    assertThat(descriptor.at("/configuration/samx/data/samx_mode").textValue()).isEqualTo("Go");
    assertThat(json(start()).get("scan_id").intValue()).isEqualTo(4711);
  }

  @Test
  void keepsTheTimeToTheMicrosecond() throws Exception {
    assertThat(json(event()).get("time").doubleValue()).isEqualTo(TIME);
    assertThat(json(event()).at("/timestamps/samx").doubleValue()).isEqualTo(TIME);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void writesNullForANumberThatJsonLacks(double number) throws Exception {
    Value value = Value.of(number);
    JsonNode event =
        json(
            event(
                reading("scalar", value),
                reading("list", Value.of(List.of(Value.of(1.5), value))),
                new Reading("when", Value.of(1), number, AlarmSeverity.NO_ALARM)));
    assertThat(event.at("/data/scalar").isNull()).isTrue();
    assertThat(event.at("/data/list").toString()).isEqualTo("[1.5,null]");
    assertThat(event.at("/timestamps/when").isNull()).isTrue();
    JsonNode start = json(start(Value.Fields.EMPTY.with("a", Value.Fields.EMPTY.with("b", value))));
    assertThat(start.at("/a/b").isNull()).isTrue();
    JsonNode descriptor = json(descriptor(limited(number, 10)));
    assertThat(descriptor.at("/data_keys/samx/lower_ctrl_limit").isMissingNode()).isTrue();
    assertThat(descriptor.at("/data_keys/samx/upper_ctrl_limit").doubleValue()).isEqualTo(10);
    assertThat(problems("descriptor", descriptor)).isEmpty();
  }

  @Test
  void leavesOutWhatADataKeyDoesNotHave() throws Exception {
    assertThat(names(json(descriptor(limited(-10, 10))).at("/data_keys/samx_setpoint")))
        .containsExactly("dtype", "shape", "source", "dtype_numpy", "object_name");
  }

  @Test
  void metadataDoesNotHideWhatTheRunItselfSays() throws Exception {
    Value.Fields metadata =
        Value.Fields.EMPTY
            .with("uid", Value.of("mine"))
            .with("time", Value.of(0))
            .with("scan_id", Value.of("x"))
            .with("kept", Value.of(1));
    JsonNode start = json(start(metadata));
    assertThat(names(start)).containsExactly("uid", "time", "scan_id", "kept");
    assertThat(start.get("uid").textValue()).isEqualTo(RUN.value());
    assertThat(start.get("scan_id").intValue()).isEqualTo(4711);
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}

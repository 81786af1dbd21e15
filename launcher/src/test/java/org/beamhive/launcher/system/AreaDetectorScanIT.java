package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.jhdf.HdfFile;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.launcher.NodeForTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a camera writes, on its whole way: from the IOC's own file through the documents of a run to
 * the file of the run, the bridge and the list of files.
 */
@Timeout(300)
class AreaDetectorScanIT {
  @TempDir private static Path folder;
  private static SimulatedIoc ioc;
  private static BeamhiveNode node;
  private static NodeClient client;

  @BeforeAll
  static void start() throws Exception {
    ioc = SimulatedIoc.start(0);
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        """
        samx: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: baseline}
        cam:
          deviceClass: AreaDetector
          deviceConfig:
            {prefix: "BH:", file_plugin: "HDF1:", stats: ["Stats1:"], acquire_time: 0.002, acquire_period: 0.002,
             frames_per_point: 2, write_path_template: "%s/frames/%%Y"}
          enabled: true
          readoutPriority: on_request
          softwareTrigger: true
        fly:
          deviceClass: EpicsFlyer
          deviceConfig:
            start_pv: "BH:fly1:Start"
            stop_pv: "BH:fly1:Stop"
            done_pv: "BH:fly1:Done"
            counter_pv: "BH:fly1:CurrentPoint"
            time_pv: "BH:fly1:Times"
            waveforms: {x: "BH:fly1:Positions", counts: "BH:fly1:Counts"}
          enabled: true
          readoutPriority: on_request
        classic:
          deviceClass: AreaDetector
          deviceConfig:
            {prefix: "BH:", file_plugin: "HDF1:", documents: resource, acquire_time: 0.002, acquire_period: 0.002,
             write_path_template: "%s/classic"}
          enabled: true
          readoutPriority: on_request
          softwareTrigger: true
        """
            .formatted(folder, folder));
    node =
        NodeForTest.start(
            folder,
            devices,
            Map.of(
                "beamhive.devices.channel-access.addresses", List.of("127.0.0.1:" + ioc.port())));
    client = new NodeClient(node.httpUrl().orElseThrow(), node.dataDir());
    client.openEnvironment();
    client.awaitDevices(4);
  }

  @AfterAll
  static void end() {
    node.close();
    ioc.close();
  }

  private static String run(String item) {
    String submitted = client.submit(item);
    client.accepted("/api/queue/start", "{}");
    JsonNode result = client.ended(submitted, Duration.ofSeconds(120));
    assertThat(result.path("exit_status").asText()).as(result.toString()).isEqualTo("completed");
    return result.at("/run_uids/0").asText();
  }

  @Test
  void theFramesOfAScanAreWhereItsDocumentsSay() throws Exception {
    String run =
        run("{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"cam\"],\"samx\",0,2,5]}");
    Path master = client.file(run);
    NodeClient.Documents documents = client.documents(run).await("stop");

    assertThat(documents.seqNums("primary")).containsExactly(1L, 2L, 3L, 4L, 5L);
    JsonNode key =
        documents.all("descriptor").stream()
            .map(descriptor -> descriptor.at("/data_keys/cam_image"))
            .filter(JsonNode::isObject)
            .findFirst()
            .orElseThrow();
    assertThat(key.path("external").asText()).isEqualTo("STREAM:");
    assertThat(key.path("shape").toString()).isEqualTo("[2,48,64]");
    assertThat(documents.all("event"))
        .allSatisfy(event -> assertThat(event.path("data").has("cam_image")).isFalse());
    assertThat(documents.all("stream_resource")).hasSize(1);
    JsonNode resource = documents.all("stream_resource").get(0);
    assertThat(resource.path("run_start").asText()).isEqualTo(run);
    List<JsonNode> datums = documents.all("stream_datum");
    assertThat(datums).hasSize(5);
    for (int row = 0; row < 5; row++) {
      assertThat(datums.get(row).path("stream_resource")).isEqualTo(resource.path("uid"));
      assertThat(datums.get(row).at("/indices/start").asInt()).isEqualTo(row);
      assertThat(datums.get(row).at("/seq_nums/start").asInt()).isEqualTo(row + 1);
    }

    Path frames = Path.of(URI.create(resource.path("uri").asText()).getPath());
    JsonNode files = client.get("/api/runs/" + run).at("/run/files");
    assertThat(files).hasSize(2);
    assertThat(files.get(0).asText()).isEqualTo(master.toString());
    assertThat(files.get(1).asText()).isEqualTo(frames.toString());
    try (HdfFile hdf5 = new HdfFile(master)) {
      String signal = "/entry/collection/devices/cam/cam_image/";
      assertThat(hdf5.getDatasetByPath(signal + "value").getDimensions())
          .containsExactly(10, 48, 64);
      assertThat((long[]) hdf5.getDatasetByPath(signal + "row").getData())
          .containsExactly(0, 1, 2, 3, 4);
      assertThat((long[]) hdf5.getDatasetByPath(signal + "file").getData())
          .containsExactly(0, 0, 0, 0, 0);
      assertThat(
              (double[])
                  hdf5.getDatasetByPath("/entry/collection/devices/cam/cam_stats1_total/value")
                      .getData())
          .hasSize(5)
          .doesNotContain(0);
    }
    try (RedisClient redis = RedisClient.create(node.redisUrl());
        StatefulRedisConnection<String, String> connection = redis.connect()) {
      assertThat(
              connection.sync().keys("*documents").stream()
                  .flatMap(key1 -> connection.sync().xrange(key1, Range.unbounded()).stream())
                  .map(message -> message.getBody().get("name")))
          .contains("stream_resource", "stream_datum");
    }
  }

  @Test
  void theClassicModelGoesTheSameWay() {
    String run =
        run(
            "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"classic\"]],\"kwargs\":{\"num\":3}}");
    Path master = client.file(run);
    NodeClient.Documents documents = client.documents(run).await("stop");
    JsonNode resource = documents.all("resource").get(0);
    assertThat(resource.path("spec").asText()).isEqualTo("AD_HDF5");
    assertThat(documents.all("datum")).hasSize(3);
    List<JsonNode> events =
        documents.all("event").stream()
            .filter(event -> event.path("data").has("classic_image"))
            .toList();
    assertThat(events).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(events.get(i).at("/data/classic_image"))
          .isEqualTo(documents.all("datum").get(i).path("datum_id"));
      assertThat(events.get(i).at("/filled/classic_image").isBoolean()).isTrue();
    }
    try (HdfFile hdf5 = new HdfFile(master)) {
      assertThat(
              hdf5.getDatasetByPath("/entry/collection/devices/classic/classic_image/value")
                  .getDimensions())
          .containsExactly(3, 48, 64);
    }
  }

  @Test
  void aFlightIsARunOfItsOwn() {
    String run = run("{\"item_type\":\"plan\",\"name\":\"fly\",\"args\":[[\"fly\"]]}");
    Path master = client.file(run);
    NodeClient.Documents documents = client.documents(run).await("stop");
    assertThat(documents.seqNums("primary")).hasSize(100).startsWith(1L, 2L).endsWith(100L);
    assertThat(documents.seqNums("baseline")).containsExactly(1L, 2L);
    assertThat(documents.all("stop").get(0).at("/num_events/primary").asInt()).isEqualTo(100);
    try (HdfFile hdf5 = new HdfFile(master)) {
      double[] x =
          (double[]) hdf5.getDatasetByPath("/entry/collection/devices/fly/fly_x/value").getData();
      assertThat(x).hasSize(100).startsWith(-1).endsWith(1);
    }
  }
}

package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jhdf.HdfFile;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * A beamline of real processes: one IOC, one node that can be killed and started again on the same
 * data folder.
 */
final class SystemUnderTest implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private BeamhiveProcess ioc;
  private final Path devices;
  private BeamhiveProcess node;

  SystemUnderTest(Path folder) {
    this.folder = folder;
    this.ioc = BeamhiveProcess.start(folder, "ioc", List.of("ioc", "--port", "0")).ready();
    this.devices = folder.resolve("devices.yaml");
  }

  /** Uses this device file. */
  SystemUnderTest devices(String yaml) {
    try {
      Files.writeString(devices, yaml);
      return this;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Starts the node. */
  NodeClient start(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "node",
                "--data-dir",
                dataDir().toString(),
                "--port",
                "0",
                "--http-port",
                "0",
                "--devices",
                devices.toString(),
                "--set",
                "beamhive.devices.channel-access.addresses.0=" + ioc.printed("IOC")));
    arguments.addAll(List.of(more));
    node = BeamhiveProcess.start(folder, "node", arguments).ready();
    return new NodeClient(node.printed("HTTP"), dataDir());
  }

  BeamhiveProcess node() {
    return node;
  }

  BeamhiveProcess ioc() {
    return ioc;
  }

  /** The IOC dies where it stands. */
  void killIoc() {
    ioc.kill();
  }

  /** Starts the IOC again where clients look for it. */
  void startIoc() {
    String address = ioc.printed("IOC");
    String port = address.substring(address.lastIndexOf(':') + 1);
    ioc = BeamhiveProcess.start(folder, "ioc-again", List.of("ioc", "--port", port)).ready();
  }

  Path dataDir() {
    return folder.resolve("data");
  }

  /** The process of the Redis inside. */
  Optional<ProcessHandle> redis() {
    Path pid = dataDir().resolve("redis/redis.pid");
    try {
      return Files.exists(pid)
          ? ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          : Optional.empty();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /**
   * Every point exactly once, in the journal, in the file and on the Redis stream, and one stop
   * document.
   */
  void requireComplete(NodeClient client, String run, int points, String exitStatus) {
    List<Long> expected = LongStream.rangeClosed(1, points).boxed().toList();
    NodeClient.Documents journal = client.documents(run).await("stop");
    assertThat(journal.seqNums("primary")).as("journal").isEqualTo(expected);
    assertThat(journal.all("start")).as("start documents").hasSize(1);
    assertThat(journal.all("stop")).as("stop documents").hasSize(1);
    assertThat(journal.all("stop").get(0).path("exit_status").asText()).isEqualTo(exitStatus);
    assertThat(journal.all("stop").get(0).at("/num_events/primary").asInt()).isEqualTo(points);
    assertThat(fileSeqNums(client.file(run))).as("file").isEqualTo(expected);
    Await.that(
        "the stop document on the Redis stream",
        Duration.ofSeconds(120),
        () -> streamed(client, run, "stop").size() == 1);
    String descriptor =
        streamed(client, run, "descriptor").stream()
            .filter(document -> document.path("name").asText().equals("primary"))
            .findFirst()
            .orElseThrow()
            .path("uid")
            .asText();
    assertThat(
            streamed(client, run, "event").stream()
                .filter(event -> event.path("descriptor").asText().equals(descriptor))
                .map(event -> event.path("seq_num").asLong())
                .toList())
        .as("Redis stream")
        .isEqualTo(expected);
  }

  private static List<Long> fileSeqNums(Path file) {
    try (HdfFile hdf = new HdfFile(file)) {
      long[] seqNums =
          (long[]) hdf.getDatasetByPath("/entry/collection/streams/primary/seq_num").getData();
      return LongStream.of(seqNums).boxed().toList();
    }
  }

  private List<JsonNode> streamed(NodeClient client, String run, String name) {
    RedisClient redis = RedisClient.create(node.printed("Redis"));
    try (StatefulRedisConnection<String, String> connection = redis.connect()) {
      String key = connection.sync().keys("*documents").stream().findFirst().orElseThrow();
      List<JsonNode> documents = new ArrayList<>();
      for (StreamMessage<String, String> entry : connection.sync().xrange(key, Range.unbounded())) {
        if (entry.getBody().get("run").equals(run) && entry.getBody().get("name").equals(name)) {
          documents.add(JSON.readTree(entry.getBody().get("doc")));
        }
      }
      return documents;
    } catch (IOException wrong) {
      throw new UncheckedIOException(wrong);
    } finally {
      redis.shutdown(0, 1, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    if (node != null) {
      node.close();
    }
    ioc.close();
    redis()
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
            });
  }
}

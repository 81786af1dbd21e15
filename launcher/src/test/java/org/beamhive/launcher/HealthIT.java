package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.javadsl.AskPattern;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Health and metrics of a node with all roles, asked over HTTP. */
@Timeout(120)
class HealthIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern SAMPLE =
      Pattern.compile("(beamhive_[a-z_]+)(?:\\{(.*)})? [-+0-9.E]+");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"");
  private static final Pattern ROW = Pattern.compile("\\| `(beamhive_[a-z_]+)` \\|(.*?)\\| .*");

  @TempDir private static Path folder;
  private static BeamhiveNode node;

  @BeforeAll
  static void start() throws Exception {
    node = BeamhiveNode.start(ConfigLayers.load(Optional.empty(), settings("data", 0)));
    until(() -> add("count", "[[\"det\"]]").path("success").asBoolean(), added -> added);
    post("/api/environment/open", "{}");
    until(
        () -> get(node.httpUrl(), "/api/status").path("worker_environment_exists").asBoolean(),
        open -> open);
    post("/api/queue/start", "{}");
    until(() -> get(node.httpUrl(), "/api/history/get").path("items").size(), ended -> ended == 1);
    failInTheDevice();
    // its file is written and its documents are published
    until(
        HealthIT::figures,
        now ->
            now.getOrDefault("beamhive_runs_unfollowed{follower=\"file\"}", 1.0) == 0
                && now.getOrDefault("beamhive_runs_unfollowed{follower=\"bridge\"}", 1.0) == 0);
  }

  @AfterAll
  static void end() {
    if (node != null) {
      node.close();
    }
  }

  /** A move beyond the limits, by who does not check it before. */
  private static void failInTheDevice() throws Exception {
    DeviceDirectoryProtocol.Devices known =
        AskPattern.<DeviceDirectoryProtocol.Request, DeviceDirectoryProtocol.Devices>ask(
                node.directory(),
                DeviceDirectoryProtocol.GetDevices::new,
                Duration.ofSeconds(10),
                node.system().scheduler())
            .toCompletableFuture()
            .get();
    DeviceView motor =
        known.devices().stream()
            .filter(device -> device.name().value().equals("motor"))
            .findFirst()
            .orElseThrow();
    DeviceProtocol.Reply reply =
        AskPattern.<DeviceProtocol.Request, DeviceProtocol.Reply>ask(
                DeviceSharding.ref(node.system(), motor),
                replyTo -> new DeviceProtocol.Set(new Epoch(1000), Value.of(99.0), 1, replyTo),
                Duration.ofSeconds(10),
                node.system().scheduler())
            .toCompletableFuture()
            .get();
    assertThat(reply).isInstanceOf(DeviceProtocol.Failed.class);
  }

  private static Map<String, Object> settings(String data, int healthPort) throws Exception {
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        """
        motor: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10]}, enabled: true, readoutPriority: on_request}
        det: {deviceClass: SimDetector, deviceConfig: {motor: motor, center: 0, sigma: 1}, enabled: true,
              readoutPriority: on_request, softwareTrigger: true}
        away: {deviceClass: EpicsSignalRO, deviceConfig: {read_pv: "nowhere:pv"}, enabled: true, readoutPriority: on_request}
        """);
    Map<String, Object> settings = new HashMap<>();
    settings.put("beamhive.node.data-dir", folder.resolve(data).toString());
    settings.put("beamhive.node.port", 0);
    settings.put("beamhive.node.devices", devices.toString());
    settings.put("beamhive.web.port", 0);
    settings.put("beamhive.health.port", healthPort);
    settings.put("beamhive.health.timeout", "500 ms");
    settings.put("beamhive.devices.channel-access.addresses", List.of("127.0.0.1:1"));
    settings.put("beamhive.devices.channel-access.repeater-port", 0);
    return settings;
  }

  // ------------------------------------------------------------------ health

  @Test
  void aNodeThatHasAllItNeedsIsReadyAndTellsWhatIsNotConnected() throws Exception {
    for (Optional<String> url : List.of(node.healthUrl(), node.httpUrl())) {
      until(() -> ask(url, "/health/live", null).body(), "ok"::equals);
      JsonNode ready = until(() -> get(url, "/health/ready"), answer -> isReady(answer));
      assertThat(ready.path("problems")).isEmpty();
      assertThat(ready.path("information").path("devices").asText())
          .isEqualTo("not connected: away");
    }
    assertThat(ask(node.healthUrl(), "/nowhere", null).statusCode()).isEqualTo(404);
    assertThat(ask(node.healthUrl(), "/nowhere", null).body()).contains("/health/ready");
  }

  @Test
  void aFolderInWhichNoFileCanBeWrittenMakesAStorageNodeNotReady() throws Exception {
    Path files = folder.resolve("data/data");
    Path aside = folder.resolve("aside");
    until(() -> Files.isDirectory(files), there -> there);
    Files.move(files, aside);
    Files.writeString(files, "in the way");
    try {
      JsonNode answer =
          until(
              () -> get(node.healthUrl(), "/health/ready"),
              now -> now.at("/problems/files").asText().contains(files.toString()));
      assertThat(answer.path("ready").asBoolean()).isFalse();
      assertThat(ask(node.healthUrl(), "/health/ready", null).statusCode()).isEqualTo(503);
      until(() -> ask(node.healthUrl(), "/health/live", null).statusCode(), code -> code == 200);
    } finally {
      Files.delete(files);
      Files.move(aside, files);
    }
    until(() -> get(node.healthUrl(), "/health/ready"), HealthIT::isReady);
    try (var left = Files.list(files)) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.startsWith(".beamhive-health"));
    }
  }

  @Test
  void aRedisThatDoesNotAnswerMakesTheNodeNotReady() throws Exception {
    RedisClient client = RedisClient.create(node.redisUrl());
    try (StatefulRedisConnection<String, String> redis = client.connect()) {
      // a process that stands still asks too late, or is too slow to say which part is silent
      JsonNode problems = JSON.createObjectNode();
      for (int i = 0; i < 10 && !problems.has("journal"); i++) {
        until(() -> get(node.healthUrl(), "/health/ready"), HealthIT::isReady);
        // shorter than the leases of the singletons allow
        redis.sync().clientPause(1500);
        problems = get(node.healthUrl(), "/health/ready").path("problems");
      }
      assertThat(problems.path("journal").asText())
          .isEqualTo("the journal in Redis does not answer within 500 ms");
    } finally {
      client.shutdown();
    }
    until(() -> get(node.healthUrl(), "/health/ready"), HealthIT::isReady);
  }

  @Test
  void aNodeWhoseThreadsAreAllStuckIsNotLive() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try {
      for (int i = 0; i < 64; i++) {
        node.system()
            .executionContext()
            .execute(
                () -> {
                  try {
                    release.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
      }
      HttpResponse<String> live = ask(node.healthUrl(), "/health/live", null);
      assertThat(live.statusCode()).isEqualTo(503);
      assertThat(live.body()).isEqualTo("the actor system does not answer within 500 ms");
      assertThat(ask(node.healthUrl(), "/metrics", null).statusCode()).isEqualTo(200);
    } finally {
      release.countDown();
    }
    until(() -> ask(node.healthUrl(), "/health/live", null).statusCode(), code -> code == 200);
    until(() -> get(node.healthUrl(), "/health/ready"), HealthIT::isReady);
  }

  @Test
  void aPortThatIsInUseStopsTheStartAndIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
      assertThatThrownBy(
              () ->
                  BeamhiveNode.start(
                      ConfigLayers.load(Optional.empty(), settings("other", taken.getLocalPort()))))
          .isInstanceOf(StartFailure.class)
          .hasMessageContaining("beamhive.health.port")
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
  }

  // ------------------------------------------------------------------ metrics

  @Test
  void thePageOfMetricsListsWhatANodeServes() throws Exception {
    Map<String, TreeSet<String>> served = new TreeMap<>();
    for (String line : ask(node.healthUrl(), "/metrics", null).body().lines().toList()) {
      Matcher sample = SAMPLE.matcher(line);
      if (sample.matches()) {
        String name = sample.group(1).replaceFirst("_seconds_(bucket|sum|count)$", "_seconds");
        TreeSet<String> labels = served.computeIfAbsent(name, each -> new TreeSet<>());
        Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          if (!label.group(1).equals("le")) {
            labels.add(label.group(1));
          }
        }
      }
    }
    Map<String, TreeSet<String>> listed = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../docs/reference/metrics.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        listed.put(
            row.group(1),
            Pattern.compile("`([a-z_]+)`")
                .matcher(row.group(2))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new)));
      }
    }
    assertThat(listed).isNotEmpty();
    assertThat(listed).isEqualTo(served);
  }

  @Test
  void theFiguresAreThoseOfWhatHasHappened() throws Exception {
    Map<String, Double> figures = figures();
    assertThat(figures)
        .containsEntry("beamhive_points_recorded_total{stream=\"primary\"}", 1.0)
        .containsEntry("beamhive_items_ended_total{exit_status=\"completed\"}", 1.0)
        .containsEntry("beamhive_worker_state{state=\"idle\"}", 1.0)
        .containsEntry("beamhive_worker_state{state=\"running\"}", 0.0)
        .containsEntry("beamhive_queue_items", 0.0)
        .containsEntry(
            "beamhive_device_command_failures_total{command=\"set\",device=\"motor\"}", 1.0)
        .containsEntry("beamhive_follower_lag_entries{follower=\"file\"}", 0.0)
        .containsEntry("beamhive_cluster_members{status=\"up\"}", 1.0)
        .containsEntry("beamhive_cluster_unreachable_members", 0.0)
        .containsEntry(
            "beamhive_device_command_seconds_count{command=\"read\",device=\"det\"}", 1.0)
        .containsEntry(
            "beamhive_device_command_seconds_count{command=\"trigger\",device=\"det\"}", 1.0)
        .containsEntry("beamhive_channel_access_channels{state=\"connected\"}", 0.0)
        .containsEntry("beamhive_channel_access_channels{state=\"searching\"}", 1.0)
        .containsKeys(
            "beamhive_mailbox_messages{actor=\"scan-queue\"}",
            "beamhive_mailbox_messages{actor=\"device-directory\"}",
            "beamhive_mailbox_messages{actor=\"redis-bridge\"}",
            "beamhive_mailbox_messages{actor=\"device\"}",
            "beamhive_mailbox_messages{actor=\"hutch-guard\"}",
            "process_cpu_seconds_total",
            "jvm_threads_current");
    assertThat(figures.get("beamhive_journal_append_seconds_count")).isGreaterThanOrEqualTo(1);
  }

  @Test
  void onTheHttpInterfaceMetricsNeedTheKey() throws Exception {
    assertThat(ask(node.httpUrl(), "/metrics", null).statusCode()).isEqualTo(401);
    assertThat(ask(node.httpUrl(), "/metrics", node.apiKey()).body())
        .contains("beamhive_points_recorded_total");
  }

  // ------------------------------------------------------------------ asking

  private static Map<String, Double> figures() throws Exception {
    Map<String, Double> figures = new LinkedHashMap<>();
    ask(node.healthUrl(), "/metrics", null)
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              int end = line.lastIndexOf(' ');
              figures.put(line.substring(0, end), Double.parseDouble(line.substring(end + 1)));
            });
    return figures;
  }

  private static boolean isReady(JsonNode answer) {
    return answer.path("ready").asBoolean();
  }

  private static HttpResponse<String> ask(Optional<String> url, String path, String key)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url.orElseThrow() + path));
    if (key != null) {
      request.header("Authorization", "ApiKey " + key);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode get(Optional<String> url, String path) throws Exception {
    return JSON.readTree(ask(url, path, node.apiKey()).body());
  }

  private static JsonNode post(String path, String body) throws Exception {
    return JSON.readTree(
        HTTP.send(
                HttpRequest.newBuilder(URI.create(node.httpUrl().orElseThrow() + path))
                    .header("Authorization", "ApiKey " + node.apiKey())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build(),
                HttpResponse.BodyHandlers.ofString())
            .body());
  }

  private static JsonNode add(String plan, String args) throws Exception {
    return post(
        "/api/queue/item/add",
        "{\"item\":{\"item_type\":\"plan\",\"name\":\"" + plan + "\",\"args\":" + args + "}}");
  }

  private static <T> T until(Callable<T> look, Predicate<T> holds) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    T seen = look.call();
    while (!holds.test(seen)) {
      assertThat(System.nanoTime()).as("within 120 s, last seen: " + seen).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      seen = look.call();
    }
    return seen;
  }
}

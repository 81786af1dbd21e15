package org.beamhive.actors.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.beamhive.actors.filewriter.actor.RecordedRun;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.bridge.RedisBridgeProtocol;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.FollowRun;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisBridgeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration WAIT = Duration.ofSeconds(20);

  private static ActorTestKit kit;
  private static RunSettings runSettings;
  private static Config config;

  @TempDir static Path folder;
  private static TestRedis shared;

  private final TestProbe<Followed> asker = kit.createTestProbe(Followed.class);
  private TestRedis redis = shared;
  private ActorRef<RedisBridgeProtocol.Request> bridge;

  @BeforeAll
  static void start() {
    config =
        ConfigFactory.parseString(
                """
                beamhive.run { poll-interval = 10ms, page = 7, tail = 20 }
                akka.actor.testkit.typed.filter-leeway = 20s
                """)
            .withFallback(ConfigFactory.parseResources("bridge.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    kit = ActorTestKit.create(config);
    runSettings = RunSettings.from(config);
    shared = new TestRedis(folder);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
    shared.close();
  }

  @AfterEach
  void stopBridge() {
    if (bridge != null) {
      kit.stop(bridge);
    }
    if (redis != shared) {
      redis.close();
    } else {
      try (StatefulRedisConnection<String, String> open = redis.connect()) {
        open.sync().flushall();
      }
    }
  }

  private BridgeSettings settings() {
    return new BridgeSettings(
        redis.url(),
        "b:",
        1_000_000,
        Duration.ofDays(30),
        Duration.ofSeconds(5),
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMinutes(1));
  }

  private void bridge(RunJournal journal) {
    bridge = kit.spawn(RedisBridge.create(settings(), journal, runSettings, null, null));
  }

  private void follow(RecordedRun run) {
    bridge.tell(new FollowRun(new Follow(run.run(), null, asker.getRef())));
  }

  private void published(RecordedRun run) {
    Followed followed = asker.receiveMessage(WAIT);
    assertThat(followed).isEqualTo(new Followed(run.run(), "bridge", ""));
  }

  private List<StreamMessage<String, String>> documents() {
    try (StatefulRedisConnection<String, String> open = redis.connect()) {
      return open.sync().xrange("b:documents", Range.unbounded());
    }
  }

  private List<Long> seqNums(RecordedRun run) throws IOException {
    List<Long> seqNums = new ArrayList<>();
    for (StreamMessage<String, String> message : documents()) {
      if (message.getBody().get("name").equals("event")
          && message.getBody().get("run").equals(run.run().value())) {
        seqNums.add(JSON.readTree(message.getBody().get("doc")).get("seq_num").asLong());
      }
    }
    return seqNums;
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private void awaitDocuments(int count) {
    asker.awaitAssert(
        WAIT,
        () -> {
          assertThat(documents()).hasSize(count);
          return null;
        });
  }

  // ------------------------------------------------------------------ documents

  @Test
  void publishesEveryDocumentOnceAndAnswers() throws IOException {
    RecordedRun run =
        new RecordedRun(1).answer().start().describe().points(30).answer().stop("success", "");
    bridge(run);
    follow(run);
    published(run);
    List<StreamMessage<String, String>> documents = documents();
    assertThat(documents).hasSize(33);
    assertThat(documents).allMatch(it -> it.getBody().get("run").equals(run.run().value()));
    assertThat(seqNums(run)).isEqualTo(upTo(30));
    requireKeys(documents.get(0), "start", "uid", "time", "scan_id", "plan_name", "hints");
    requireKeys(
        documents.get(1),
        "descriptor",
        "uid",
        "run_start",
        "time",
        "name",
        "data_keys",
        "configuration",
        "hints",
        "object_keys");
    requireKeys(
        documents.get(2),
        "event",
        "uid",
        "time",
        "descriptor",
        "seq_num",
        "data",
        "timestamps",
        "filled");
    requireKeys(documents.get(32), "stop", "uid", "run_start", "time", "exit_status", "num_events");
    try (StatefulRedisConnection<String, String> open = redis.connect()) {
      assertThat(open.sync().hget("b:runs:last", "run")).isEqualTo(run.run().value());
      assertThat(open.sync().hget("b:runs:last", "start")).contains(run.run().value());
      assertThat(open.sync().hget("b:runs:last", "stop")).contains("exit_status");
      assertThat(open.sync().ttl("b:positions:" + run.run())).isBetween(2_500_000L, 2_592_000L);
    }
    follow(run);
    published(run);
    assertThat(documents()).hasSize(33);
  }

  private static void requireKeys(
      StreamMessage<String, String> message, String name, String... keys) throws IOException {
    assertThat(message.getBody()).containsEntry("name", name);
    JsonNode document = JSON.readTree(message.getBody().get("doc"));
    for (String key : keys) {
      assertThat(document.has(key)).as(name + " has " + key).isTrue();
    }
  }

  @Test
  void aRestartedBridgeGoesOnWhereTheLastOneWas() throws IOException {
    RecordedRun run = new RecordedRun(2).start().describe().points(40);
    bridge(run);
    follow(run);
    awaitDocuments(42);
    kit.stop(bridge);
    run.points(25);
    bridge(run);
    follow(run);
    awaitDocuments(67);
    run.stop("success", "");
    published(run);
    assertThat(seqNums(run)).isEqualTo(upTo(65));
    assertThat(documents()).hasSize(68);
  }

  @Test
  void aBatchThatIsThereAlreadyIsNotAddedAgain() throws Exception {
    RecordedRun run = new RecordedRun(3).start().describe().points(20).stop("success", "");
    RedisOutlet outlet = new RedisOutlet(settings());
    try {
      assertThat(publish(outlet, run, 1, 10, false)).isEqualTo(10);
      assertThat(publish(outlet, run, 1, 10, false)).isEqualTo(10);
      assertThat(publish(outlet, run, 6, 10, false)).isEqualTo(15);
      assertThat(publish(outlet, run, 20, 3, false)).as("a gap").isEqualTo(15);
      assertThat(publish(outlet, run, 12, 12, true)).isEqualTo(23);
      assertThat(publish(outlet, run, 12, 12, true)).isEqualTo(23);
      assertThat(documents()).hasSize(23);
      assertThat(seqNums(run)).isEqualTo(upTo(20));
      assertThat(outlet.progress(run.run()).toCompletableFuture().get(10, TimeUnit.SECONDS))
          .isEqualTo(new RedisOutlet.Progress(23, true));
    } finally {
      outlet.close();
    }
  }

  private static long publish(RedisOutlet outlet, RecordedRun run, int from, int count, boolean end)
      throws Exception {
    return outlet
        .publish(run.run(), from, run.entries().subList(from - 1, from - 1 + count), end)
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  @Test
  void publishesTwoRunsAtOnce() throws IOException {
    RecordedRun first = new RecordedRun(4).start().describe().points(15);
    RecordedRun second = new RecordedRun(5).start().describe().points(15);
    bridge((run, from, max) -> (run.equals(first.run()) ? first : second).read(run, from, max));
    follow(first);
    follow(second);
    awaitDocuments(34);
    second.points(5).stop("success", "");
    published(second);
    first.points(10).stop("abort", "enough");
    published(first);
    assertThat(seqNums(first)).isEqualTo(upTo(25));
    assertThat(seqNums(second)).isEqualTo(upTo(20));
  }

  // ------------------------------------------------------------------ Redis away

  @Test
  void goesOnWhenRedisIsBack(@TempDir Path data) throws IOException {
    redis = new TestRedis(data, "--appendonly", "yes", "--appendfsync", "always");
    RecordedRun run = new RecordedRun(6).start().describe().points(10);
    bridge(run);
    follow(run);
    awaitDocuments(12);
    LoggingTestKit.error("ALARM Redis at")
        .withOccurrences(1)
        .expect(
            kit.system(),
            () -> {
              redis.kill();
              run.points(30);
              return null;
            });
    LoggingTestKit.info("is back")
        .withOccurrences(1)
        .expect(
            kit.system(),
            () -> {
              redis.startAgain();
              return null;
            });
    awaitDocuments(42);
    run.stop("success", "");
    published(run);
    assertThat(seqNums(run)).isEqualTo(upTo(40));
  }

  @Test
  void publishesAgainWhatRedisHasLost(@TempDir Path data) throws IOException {
    redis = new TestRedis(data);
    RecordedRun run = new RecordedRun(7).start().describe().points(10);
    bridge(run);
    follow(run);
    awaitDocuments(12);
    redis.kill();
    redis.startAgain();
    run.points(10).stop("success", "");
    published(run);
    assertThat(seqNums(run)).isEqualTo(upTo(20));
  }

  @Test
  void waitsForARedisThatIsNotThereYet(@TempDir Path data) throws IOException {
    redis = new TestRedis(data);
    redis.kill();
    RecordedRun run = new RecordedRun(8).start().describe().points(10).stop("success", "");
    LoggingTestKit.error("ALARM Redis at")
        .withOccurrences(1)
        .expect(
            kit.system(),
            () -> {
              bridge(run);
              follow(run);
              return null;
            });
    redis.startAgain();
    published(run);
    assertThat(seqNums(run)).isEqualTo(upTo(10));
  }

  // ------------------------------------------------------------------ states

  @Test
  void showsTheStatesOfQueueAndDevices() throws Exception {
    TestProbe<ScanQueueProtocol.Request> queue =
        kit.createTestProbe(ScanQueueProtocol.Request.class);
    TestProbe<DeviceDirectoryProtocol.Request> directory =
        kit.createTestProbe(DeviceDirectoryProtocol.Request.class);
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    try (TestRedisListener listener = new TestRedisListener(redis, heard)) {
      listener.subscribe("b:queue:status", "b:devices");
      bridge =
          kit.spawn(
              RedisBridge.create(
                  settings(),
                  (run, from, max) -> null,
                  runSettings,
                  queue.getRef(),
                  directory.getRef()));
      ActorRef<QueueStatus> status =
          queue.expectMessageClass(ScanQueueProtocol.SubscribeStatus.class).replyTo();
      ActorRef<Devices> devices =
          directory.expectMessageClass(DeviceDirectoryProtocol.Subscribe.class).replyTo();
      status.tell(status("idle", "1"));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).contains("\"manager_state\":\"idle\"");
      devices.tell(new Devices(1, List.of(device("samx", DeviceView.State.READY))));
      JsonNode samx = JSON.readTree(heard.poll(10, TimeUnit.SECONDS));
      assertThat(samx.get("name").asText()).isEqualTo("samx");
      assertThat(samx.get("state").asText()).isEqualTo("ready");
      // what is unchanged is not said again
      status.tell(status("idle", "1"));
      devices.tell(
          new Devices(
              1,
              List.of(
                  device("samx", DeviceView.State.READY),
                  device("samy", DeviceView.State.CONNECTING))));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).contains("\"samy\"");
      devices.tell(new Devices(2, List.of(device("samy", DeviceView.State.CONNECTING))));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).contains("\"removed\":true");
      try (StatefulRedisConnection<String, String> open = redis.connect()) {
        assertThat(JSON.readTree(open.sync().get("b:queue:status")).get("status_uid").asText())
            .isEqualTo("1");
        assertThat(open.sync().get("b:devices:samx")).isNull();
        assertThat(open.sync().get("b:devices:samy")).contains("connecting");
      }
    }
  }

  /** Listens to channels. */
  private static final class TestRedisListener implements AutoCloseable {
    private final RedisClient client;
    private final StatefulRedisPubSubConnection<String, String> open;

    TestRedisListener(TestRedis redis, BlockingQueue<String> heard) {
      client = RedisClient.create(redis.url());
      open = client.connectPubSub();
      open.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String message) {
              heard.add(message);
            }
          });
    }

    void subscribe(String... channels) {
      open.sync().subscribe(channels);
    }

    @Override
    public void close() {
      open.close();
      client.shutdown();
    }
  }

  private static QueueStatus status(String managerState, String uid) {
    return new QueueStatus(
        0,
        0,
        null,
        null,
        managerState,
        false,
        false,
        true,
        "idle",
        "idle",
        false,
        "",
        false,
        false,
        uid,
        "r",
        "q",
        "h");
  }

  private static DeviceView device(String name, DeviceView.State state) {
    return new DeviceView(
        new DeviceName(name),
        new HutchName("eh1"),
        "127.0.0.1:25520",
        "SimMotor",
        "",
        state,
        "",
        Set.of(DeviceView.Ability.READABLE, DeviceView.Ability.MOVABLE),
        ReadoutPriority.BASELINE,
        false,
        new Limits(-10, 10),
        "mm",
        3,
        List.of(name),
        Set.of("sample"),
        false,
        List.of(),
        Value.Fields.EMPTY);
  }

  @Test
  void readsItsSettings() {
    BridgeSettings defaults = BridgeSettings.from(config);
    assertThat(defaults.prefix()).isEqualTo("beamhive:");
    assertThat(defaults.maxLength()).isEqualTo(1_000_000);
    assertThat(defaults.retryAfter(1)).isEqualTo(Duration.ofMillis(100));
    assertThat(defaults.retryAfter(3)).isEqualTo(Duration.ofMillis(400));
    assertThat(defaults.retryAfter(50)).isEqualTo(Duration.ofSeconds(5));
  }
}

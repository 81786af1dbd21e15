package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Everything that can be wrong with a real Redis, and what the operator reads about it. */
class RedisTroubleIT {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(500);
  private static final Script APPEND = Script.load("append.lua");

  private interface Call {
    CompletionStage<?> on(RedisAsyncCommands<String, byte[]> redis) throws IOException;
  }

  /** As the store writes: with its script. */
  private static CompletionStage<?> append(RedisAsyncCommands<String, byte[]> redis) {
    return APPEND
        .call(
            redis,
            new String[] {"beamhive:events:{a}"},
            List.of(bytes("8"), bytes("a"), bytes("1-0"), bytes("header"), bytes("payload")))
        .thenApply(
            answer -> {
              if ((Long) answer.get(0) == 3) {
                throw new RedisCommandExecutionException(StreamEntry.text((byte[]) answer.get(2)));
              }
              return answer;
            });
  }

  /** The same without a script. */
  private static CompletionStage<?> add(RedisAsyncCommands<String, byte[]> redis) {
    return redis.xadd("beamhive:events:{b}", new XAddArgs(), Map.of("p", bytes("payload")));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ClientOptions options() {
    return ClientOptions.builder()
        .protocolVersion(ProtocolVersion.RESP2)
        .maintNotificationsConfig(MaintNotificationsConfig.disabled())
        .timeoutOptions(TimeoutOptions.enabled())
        .build();
  }

  private static ClientOptions trusting(SslOptions.Builder ssl) {
    return options().mutate().sslOptions(ssl.jdkSslProvider().build()).build();
  }

  private static Throwable failure(String url, Call call) {
    return failure(url, LONG, options(), call);
  }

  /** What a bare client throws when it connects or when it makes the call. */
  private static Throwable failure(String url, Duration timeout, ClientOptions options, Call call) {
    RedisURI uri = RedisURI.create(url);
    uri.setTimeout(timeout);
    try (RedisClient client = RedisClient.create(uri)) {
      return failure(client, uri, options, call);
    }
  }

  /** Tries again if Redis hung up: {@link Problem#HUNG_UP} says why. */
  private static Throwable failure(
      RedisClient client, RedisURI uri, ClientOptions options, Call call) {
    client.setOptions(options);
    Throwable thrown = once(client, uri, call);
    for (int tries = 1; tries < 4 && Problem.of(thrown) == Problem.HUNG_UP; tries++) {
      thrown = once(client, uri, call);
    }
    return thrown;
  }

  private static Throwable once(RedisClient client, RedisURI uri, Call call) {
    try (StatefulRedisConnection<String, byte[]> connection =
        await(client.connectAsync(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), uri))) {
      Object answer = await(call.on(connection.async()));
      throw new AssertionError("It did not fail, but answered " + answer);
    } catch (ExecutionException e) {
      return e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** The sentence, without "Redis at 127.0.0.1:1234 ". */
  private static String sentence(Problem problem, Throwable thrown) {
    assertThat(Problem.of(thrown)).as(() -> Problem.sentence("h:1", thrown)).isEqualTo(problem);
    String start = "Redis at h:1 ";
    String sentence = Problem.sentence("h:1", thrown);
    assertThat(sentence).startsWith(start).doesNotContain("user_script", "secret");
    return sentence.substring(start.length());
  }

  // ------------------------------------------------------------------ Redis refuses the client

  @Test
  void aWrongPasswordIsNotRepeated() {
    try (RedisServerForTest redis = RedisServerForTest.start("--requirepass", "right")) {
      for (String user : List.of("", "bob")) {
        assertThat(
                sentence(
                    Problem.WRONG_PASSWORD,
                    failure(
                        "redis://" + user + ":secret@127.0.0.1:" + redis.port(),
                        RedisTroubleIT::append)))
            .startsWith("refused the user name or password: WRONGPASS ");
      }
    }
  }

  @Test
  void aMissingPasswordIsAskedFor() {
    try (RedisServerForTest redis = RedisServerForTest.start("--requirepass", "right")) {
      assertThat(sentence(Problem.NO_PASSWORD, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("asks for a password: NOAUTH ");
    }
  }

  @Test
  void aPasswordThatIsNotWantedIsSaidToBeTooMuch() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      assertThat(
              sentence(
                  Problem.PASSWORD_NOT_WANTED,
                  failure("redis://:secret@127.0.0.1:" + redis.port(), RedisTroubleIT::append)))
          .startsWith("was given a password but has none: ERR AUTH ");
    }
  }

  @Test
  void aMissingRightIsNamed() {
    try (RedisServerForTest redis =
        RedisServerForTest.start(
            "--user",
            "writes",
            "on",
            ">pw",
            "~beamhive:*",
            "+@all",
            "-xadd", // no XADD
            "--user",
            "scripts",
            "on",
            ">pw",
            "~beamhive:*",
            "+@all",
            "-evalsha",
            "-eval",
            "--user",
            "keys",
            "on",
            ">pw",
            "~other:*",
            "+@all")) {
      String at = ":pw@127.0.0.1:" + redis.port();
      assertThat(
              sentence(Problem.NO_PERMISSION, failure("redis://writes" + at, RedisTroubleIT::add)))
          .startsWith("does not allow this user all that is needed: NOPERM ")
          .contains("'xadd'");
      // Redis 6.2 doesn't say which one if a script is not allowed to do something.
      assertThat(
              sentence(
                  Problem.NO_PERMISSION, failure("redis://writes" + at, RedisTroubleIT::append)))
          .contains("can't run this command");
      assertThat(
              sentence(
                  Problem.NO_PERMISSION, failure("redis://scripts" + at, RedisTroubleIT::append)))
          .contains("'evalsha'");
      assertThat(
              sentence(Problem.NO_PERMISSION, failure("redis://keys" + at, RedisTroubleIT::append)))
          .contains("keys");
    }
  }

  @Test
  void theRightsThatAreAdvisedAreEnough() throws Exception {
    String advice = Problem.NO_PERMISSION.sentence("h:1", "");
    String rights = advice.substring(advice.indexOf("~")).replace("<key-prefix>", "beamhive");
    String[] user = ("--user bob on >pw " + rights).split(" ");
    try (RedisServerForTest redis = RedisServerForTest.start(user)) {
      String url = "redis://bob:pw@127.0.0.1:" + redis.port();
      assertThat(RedisProbe.check(url, LONG).stream()).noneMatch(RedisProbe.Finding::fatal);
      try (OpenStore store =
          OpenStore.of(redis.config("beamhive.persistence.redis.url = \"%s\"".formatted(url)))) {
        StoredPayload payload = new StoredPayload(1, "", bytes("x"));
        await(
            store.events.append(
                "a",
                List.of(
                    new StoredEvent(
                        1, payload, "", "writer", 1, Optional.empty(), List.of("green")))));
        assertThat(await(store.events.head("a")).highest()).isEqualTo(1);
        assertThat(await(store.events.read("a", 1, 9, RedisEventStore.ONE, true))).hasSize(1);
        Keys.Index green = new Keys("beamhive").tag("green");
        assertThat(await(store.events.members(green, 1, 9, 9))).hasSize(1);
        Wakeups.Wakeup wakeup = store.events.wakeups().listen(green.members());
        await(wakeup.orAfter(LONG.multipliedBy(3)));
        store.events.wakeups().stop(wakeup);
        await(store.events.deleteTo("a", 1));
        RedisSnapshots.Limits all = new RedisSnapshots.Limits(0, 9, 0, 9);
        await(store.snapshots.save("a", new StoredSnapshot(1, 1, payload, Optional.empty())));
        assertThat(await(store.snapshots.load("a", all))).isPresent();
        await(store.snapshots.delete("a", all));
      }
    }
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void protectedModeIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.startProtected();
        PassingProxy proxy = PassingProxy.fromAfar(redis.port())) {
      assertThat(
              sentence(
                  Problem.PROTECTED,
                  failure("redis://127.0.0.1:" + proxy.port(), RedisTroubleIT::append)))
          .startsWith("is in protected mode")
          .contains(": DENIED ")
          .endsWith("have a password and a bind address set there");
    }
  }

  @Test
  void tooManyClientsAreNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start("--maxclients", "1");
        RedisClient first = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> holds = first.connect()) {
      assertThat(holds.sync().ping()).isEqualTo("PONG");
      assertThat(sentence(Problem.TOO_MANY_CLIENTS, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("takes no more clients: ERR max number of clients reached");
    }
  }

  @Test
  void aDatabaseThatIsNotThereIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start("--databases", "2")) {
      assertThat(
              sentence(Problem.WRONG_DATABASE, failure(redis.url() + "/2", RedisTroubleIT::append)))
          .startsWith("has no such database: ERR DB index is out of range");
    }
  }

  // ------------------------------------------------------------------ Redis can't do it

  @Test
  void aFullRedisIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start("--maxmemory", "1")) {
      for (Call call : List.<Call>of(RedisTroubleIT::add, RedisTroubleIT::append)) {
        assertThat(sentence(Problem.FULL, failure(redis.url(), call)))
            .startsWith("has no memory left for writes: OOM ")
            .contains("'maxmemory'")
            .endsWith("; nothing was stored");
      }
      assertThat(redis.info("keyspace")).doesNotContain("db0");
    }
  }

  @Test
  void aReadOnlyReplicaIsNamed() {
    try (RedisServerForTest master = RedisServerForTest.start();
        RedisServerForTest redis =
            RedisServerForTest.start("--replicaof", "127.0.0.1", "" + master.port())) {
      for (Call call : List.<Call>of(RedisTroubleIT::add, RedisTroubleIT::append)) {
        assertThat(sentence(Problem.READ_ONLY, failure(redis.url(), call)))
            .startsWith("is a read-only replica: READONLY ")
            .endsWith("; nothing was stored");
      }
    }
  }

  @Test
  void aReplicaWithoutItsMasterIsNamed() {
    try (RedisServerForTest redis =
        RedisServerForTest.start(
            "--replicaof",
            "127.0.0.1",
            "" + RedisProcess.freePort(),
            "--replica-serve-stale-data",
            "no")) {
      assertThat(sentence(Problem.MASTER_DOWN, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("is a replica that has lost its master: MASTERDOWN ");
    }
  }

  @Test
  void tooFewReplicasAreNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start("--min-replicas-to-write", "1")) {
      for (Call call : List.<Call>of(RedisTroubleIT::add, RedisTroubleIT::append)) {
        assertThat(sentence(Problem.TOO_FEW_REPLICAS, failure(redis.url(), call)))
            .startsWith("has fewer replicas than it must have for writes: NOREPLICAS ");
      }
    }
  }

  @Test
  void aDiskThatTakesNothingIsNamed() {
    for (Call call : List.<Call>of(RedisTroubleIT::add, RedisTroubleIT::append)) {
      try (RedisServerForTest redis = RedisServerForTest.start()) {
        // A folder where the file is to be: that fails for every user, for root as well.
        assertThat(redis.folder().resolve("dump.rdb").toFile().mkdir()).isTrue();
        redis.ask(commands -> commands.bgsave());
        Eventually.is(
            () -> redis.info("persistence").contains("rdb_last_bgsave_status:err"),
            () -> "a save fails\n" + redis.info("persistence"));
        Call refused =
            commands ->
                // As long as it is not told to save by itself, it doesn't mind.
                commands.configSet("save", "60 10000").thenCompose(ok -> onceMore(call, commands));
        assertThat(sentence(Problem.CANT_PERSIST, failure(redis.url(), refused)))
            .startsWith("can't save its data to disk and so refuses writes: MISCONF ")
            .endsWith("; nothing was stored");
        // Redis 6.2 then refuses PING as well, and with it every new connection.
        assertThat(Problem.of(failure(redis.url(), RedisAsyncCommands::ping)))
            .isEqualTo(Problem.CANT_PERSIST);
      }
    }
  }

  private static CompletionStage<?> onceMore(
      Call call, RedisAsyncCommands<String, byte[]> commands) {
    try {
      return call.on(commands);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aRedisThatLoadsIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start(RedisServerForTest.SLOW_TO_LOAD)) {
      redis.fill();
      redis.ask(commands -> commands.save());
      redis.kill();
      redis.startAgainLoading();
      assertThat(sentence(Problem.LOADING, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("is still loading its dataset: LOADING ");
    }
  }

  @Test
  void aScriptThatDoesNotEndIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start("--lua-time-limit", "50");
        RedisClient client = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> other = client.connect();
        StatefulRedisConnection<String, String> sentry = client.connect()) {
      other.async().eval("while true do end", ScriptOutputType.VALUE);
      Eventually.is(() -> !answers(sentry), () -> "the script is too slow");
      assertThat(sentence(Problem.BUSY, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("is busy with a script that does not end: BUSY ");
    }
  }

  private static boolean answers(StatefulRedisConnection<String, String> connection) {
    try {
      return "PONG".equals(connection.sync().ping());
    } catch (RedisBusyException busy) {
      return false;
    }
  }

  @Test
  void anotherProgramsKeyIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      redis.ask(commands -> commands.set("beamhive:events:{a}", "a string"));
      assertThat(sentence(Problem.WRONG_TYPE, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("holds something else under a key of this store: WRONGTYPE ");
    }
  }

  @Test
  void aCommandThatIsNotThereIsNamedWithoutItsArguments() {
    try (RedisServerForTest redis =
        RedisServerForTest.start(
            "--rename-command", "EVALSHA", "", "--rename-command", "AUTH", "")) {
      assertThat(sentence(Problem.UNKNOWN_COMMAND, failure(redis.url(), RedisTroubleIT::append)))
          .startsWith("does not know a command that is needed: ERR unknown command `EVALSHA`;")
          .doesNotContain("payload");
      Throwable thrown =
          failure("redis://:secret@127.0.0.1:" + redis.port(), RedisTroubleIT::append);
      // That's why it must be hidden: Redis does repeat it.
      assertThat(thrown).rootCause().hasMessageContaining("secret");
      assertThat(sentence(Problem.UNKNOWN_COMMAND, thrown)).contains("`AUTH`");
    }
  }

  // ------------------------------------------------------------------ several of them

  @Test
  void aNodeOfAClusterIsNotTakenForASingleRedis() {
    try (RedisClusterForTest cluster = RedisClusterForTest.start()) {
      // The key lies on the last node.
      assertThat(
              sentence(
                  Problem.CLUSTER_NODE, failure(cluster.node(0).url(), RedisTroubleIT::append)))
          .startsWith("is one node of a cluster and serves other keys: MOVED ");
      assertThat(
              sentence(
                  Problem.WRONG_DATABASE,
                  failure(cluster.node(0).url() + "/1", RedisTroubleIT::append)))
          .contains("cluster");
      cluster.node(0).kill();
      cluster.awaitDownWithout(0);
      assertThat(
              sentence(
                  Problem.CLUSTER_DOWN, failure(cluster.node(2).url(), RedisTroubleIT::append)))
          .startsWith(
              "belongs to a cluster that does not serve all keys at this time: CLUSTERDOWN");
    }
  }

  @Test
  void aSingleRedisIsNotTakenForACluster() {
    try (RedisServerForTest redis = RedisServerForTest.start();
        RedisClusterClient client = RedisClusterClient.create(redis.url())) {
      assertThatThrownBy(client::connect)
          .satisfies(
              thrown ->
                  assertThat(sentence(Problem.NO_CLUSTER, thrown))
                      .startsWith("is no cluster: ERR"));
    }
  }

  @Test
  void aClusterOfWhichNobodyIsThereIsNamed() {
    try (RedisClusterClient client =
        RedisClusterClient.create("redis://:secret@127.0.0.1:" + RedisProcess.freePort())) {
      assertThatThrownBy(client::connect)
          .satisfies(
              thrown ->
                  assertThat(sentence(Problem.UNREACHABLE, thrown))
                      .startsWith("can't be reached: Connection refused"));
    }
  }

  @Test
  void aSentinelThatDoesNotKnowTheMasterOrIsNoneOrIsNotThereIsNamed() {
    try (SentinelForTest servers = SentinelForTest.start()) {
      String at = "redis-sentinel://127.0.0.1:";
      assertThat(
              sentence(
                  Problem.NO_MASTER,
                  failure(at + servers.port() + "#nobody", RedisTroubleIT::append)))
          .startsWith("is a Sentinel that knows no such master: nobody;");
      assertThat(
              sentence(
                  Problem.UNKNOWN_COMMAND,
                  failure(
                      at + servers.master().port() + "#nobody",
                      // It always takes this long: the client waits for another Sentinel.
                      Duration.ofSeconds(5),
                      options(),
                      RedisTroubleIT::append)))
          .contains("`SENTINEL`");
      assertThat(
              sentence(
                  Problem.UNREACHABLE,
                  failure(at + RedisProcess.freePort() + "#nobody", RedisTroubleIT::append)))
          .startsWith("can't be reached: Connection refused");
      // And the other way round, a Sentinel in the place of a Redis.
      assertThat(
              sentence(
                  Problem.UNKNOWN_COMMAND,
                  failure("redis://127.0.0.1:" + servers.port(), RedisTroubleIT::append)))
          .contains("`EVALSHA`");
    }
  }

  // ------------------------------------------------------------------ the way to Redis

  @Test
  void aPortWhereNobodyListensIsNamed() {
    assertThat(
            sentence(
                Problem.UNREACHABLE,
                failure(
                    "redis://:secret@127.0.0.1:" + RedisProcess.freePort(),
                    RedisTroubleIT::append)))
        .startsWith("can't be reached: Connection refused");
  }

  @Test
  void aHostThatNobodyKnowsIsNamed() throws Exception {
    try (DatagramSocket nameServer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> knowNobody(nameServer), "name-server");
      thread.setDaemon(true);
      thread.start();
      ClientResources resources =
          ClientResources.builder()
              .addressResolverGroup(
                  new DnsAddressResolverGroup(
                      new DnsNameResolverBuilder()
                          .datagramChannelType(NioDatagramChannel.class)
                          .nameServerProvider(
                              new SingletonDnsServerAddressStreamProvider(
                                  (InetSocketAddress) nameServer.getLocalSocketAddress()))))
              .build();
      RedisURI uri = RedisURI.create("redis://no-such-host.invalid:6379");
      try (RedisClient client = RedisClient.create(resources)) {
        assertThat(
                sentence(
                    Problem.UNKNOWN_HOST, failure(client, uri, options(), RedisTroubleIT::append)))
            .startsWith("can't be reached: the host name is unknown;");
      } finally {
        resources.shutdown(0, 2, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
      }
    }
  }

  /** Sends every question back as an answer: no such name. */
  private static void knowNobody(DatagramSocket nameServer) {
    DatagramPacket packet = new DatagramPacket(new byte[512], 512);
    try {
      while (true) {
        packet.setLength(512);
        nameServer.receive(packet);
        byte[] message = packet.getData();
        message[2] |= (byte) 0x80;
        message[3] = (byte) ((message[3] & 0xf0) | 3);
        nameServer.send(packet);
      }
    } catch (IOException closed) {
      // The end of the test.
    }
  }

  @Test
  void aRedisThatHangsIsNamed() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      assertThat(sentence(Problem.TIMED_OUT, failureOfAPaused(redis)))
          .startsWith("did not answer in time: EVALSHA. Command timed out after 500 milli")
          .endsWith("; whether a write was stored is not known");
      assertThat(
              sentence(
                  Problem.NO_ANSWER,
                  failure(redis.url(), SHORT, options(), RedisTroubleIT::append)))
          .startsWith("takes connections but does not answer: ");
    }
  }

  private static Throwable failureOfAPaused(RedisServerForTest redis) {
    try (RedisClient client = RedisClient.create(redis.url())) {
      client.setOptions(options());
      StatefulRedisConnection<String, byte[]> connection =
          client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
      connection.setTimeout(SHORT);
      redis.pause();
      return catchThrowable(() -> await(append(connection.async())));
    }
  }

  @Test
  void aConnectionThatBreaksBeforeTheAnswerIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start();
        BreakingProxy proxy = new BreakingProxy(redis.port())) {
      ClientOptions once = options().mutate().autoReconnect(false).build();
      assertThat(
              sentence(
                  Problem.CONNECTION_LOST,
                  failure(
                      "redis://127.0.0.1:" + proxy.port(),
                      LONG,
                      once,
                      commands -> {
                        proxy.breakAtNextAnswer();
                        return append(commands);
                      })))
          .startsWith("can't be reached: the connection broke")
          .endsWith("; whether a write was stored is not known");
    }
  }

  @Test
  void aServerThatHangsUpIsNamed() throws IOException {
    try (ServerSocket server =
        answering(
            client -> {
              // Without reading: the client sees a reset, as from a real Redis that wants TLS.
              client.setSoLinger(true, 0);
            })) {
      assertThat(
              sentence(
                  Problem.HUNG_UP,
                  failure("redis://127.0.0.1:" + server.getLocalPort(), RedisTroubleIT::append)))
          .startsWith("can't be reached: it ended the connection before a word was said;")
          .contains("rediss://", "protected mode");
    }
  }

  @Test
  void anotherServiceIsNamed() throws IOException {
    try (ServerSocket server =
        answering(
            client -> {
              client.getInputStream().read();
              client.getOutputStream().write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
              client.getInputStream().transferTo(OutputStream.nullOutputStream());
            })) {
      assertThat(
              sentence(
                  Problem.NOT_REDIS,
                  failure("redis://127.0.0.1:" + server.getLocalPort(), RedisTroubleIT::append)))
          .startsWith("does not speak the protocol of Redis: Invalid first byte: 72 (H)");
    }
  }

  private interface Answer {
    void to(Socket client) throws IOException;
  }

  /** Gives every client the same answer and then hangs up. */
  private static ServerSocket answering(Answer answer) throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread thread =
        new Thread(
            () -> {
              while (!server.isClosed()) {
                try (Socket client = server.accept()) {
                  answer.to(client);
                } catch (IOException closed) {
                  // The end of this connection, or of the test.
                }
              }
            },
            "answering");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  // ------------------------------------------------------------------ TLS

  @Test
  void aCertificateThatIsNotTrustedIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.before(redis)) {
      assertThat(sentence(Problem.TLS_UNTRUSTED, failure(tls.url(), RedisTroubleIT::append)))
          .startsWith(
              "shows a certificate that is not trusted: unable to find valid certification path");
    }
  }

  @Test
  void theCertificateOfAnotherHostIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.withTheCertificateOf("elsewhere", redis)) {
      ClientOptions trusting =
          trusting(SslOptions.builder().trustManager(tls.certificate().toFile()));
      assertThat(
              sentence(
                  Problem.TLS_OTHER_HOST,
                  failure(tls.url(), LONG, trusting, RedisTroubleIT::append)))
          .startsWith("shows the certificate of another host: No subject alternative names")
          .contains("127.0.0.1");
    }
  }

  @Test
  void aMissingOrWrongCertificateOfTheClientIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.askingForACertificate(redis);
        TlsProxy other = TlsProxy.askingForACertificate(redis)) {
      SslOptions.Builder none = SslOptions.builder().trustManager(tls.certificate().toFile());
      SslOptions.Builder wrong =
          SslOptions.builder()
              .trustManager(tls.certificate().toFile())
              .keyManager(other.clientCertificate().toFile(), other.clientKey().toFile(), null);
      for (SslOptions.Builder ssl : List.of(none, wrong)) {
        assertThat(
                sentence(
                    Problem.TLS_CLIENT_REFUSED,
                    failure(tls.url(), LONG, trusting(ssl), RedisTroubleIT::append)))
            .startsWith("refused the certificate of this client, or the lack of one: Received");
      }
    }
  }

  @Test
  void aPlainClientOfATlsPortIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.before(redis)) {
      assertThat(
              sentence(
                  Problem.TLS_WANTED,
                  failure("redis://:secret@127.0.0.1:" + tls.port(), RedisTroubleIT::append)))
          .isEqualTo("speaks TLS; write rediss:// instead of redis:// in the url");
    }
  }

  @Test
  void aTlsClientOfAPlainPortIsNamed() throws IOException {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      // A real Redis waits for the end of what it takes for a line.
      assertThat(
              sentence(
                  Problem.NO_ANSWER,
                  failure(
                      "rediss://127.0.0.1:" + redis.port(),
                      SHORT,
                      options(),
                      RedisTroubleIT::append)))
          .contains("rediss://");
    }
    try (ServerSocket server =
        answering(
            client -> {
              // As a real Redis does when the client's random bytes make a line.
              client.getOutputStream().write(bytes("-ERR Protocol error: unbalanced quotes\r\n"));
              client.getInputStream().transferTo(OutputStream.nullOutputStream());
            })) {
      assertThat(
              sentence(
                  Problem.TLS_NOT_SPOKEN,
                  failure("rediss://127.0.0.1:" + server.getLocalPort(), RedisTroubleIT::append)))
          .startsWith("does not speak TLS: not an SSL/TLS record");
    }
  }
}

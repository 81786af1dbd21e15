package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.SpawnProtocol;
import akka.actor.typed.javadsl.AskPattern;
import com.typesafe.config.Config;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.launcher.EmbeddedRedis;
import org.beamhive.launcher.StartFailure;
import org.beamhive.persistence.redis.RedisProbe;

/**
 * The journal alone: an actor system with nothing but the persistence plugin, and a bare client on
 * the same Redis. All keys begin with a prefix of this one run and are deleted at the end.
 */
final class JournalUnderTest implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);

  private final TemporaryFolder folder;
  private final Optional<EmbeddedRedis> redis;
  private final String prefix;
  private final String event;
  private final BareRedis bare;
  private final ActorSystem<SpawnProtocol.Command> system;
  private int names;
  private volatile boolean closing;

  private JournalUnderTest(
      TemporaryFolder folder, Optional<EmbeddedRedis> redis, String url, int payload) {
    this.folder = folder;
    this.redis = redis;
    this.prefix = "beamhive-bench-" + UUID.randomUUID();
    this.event = "x".repeat(payload);
    this.bare = new BareRedis(url);
    this.system = ActorSystem.create(SpawnProtocol.create(), "beamhive-bench", config(url, prefix));
  }

  /**
   * Starts on a Redis of its own, or uses one that is there.
   *
   * @param payload length of an event, in bytes
   */
  static JournalUnderTest start(Optional<String> redisUrl, int payload) throws IOException {
    redisUrl
        .flatMap(url -> RedisProbe.check(url, START))
        .filter(RedisProbe.Finding::fatal)
        .ifPresent(
            finding -> {
              throw new StartFailure(finding.sentence());
            });
    TemporaryFolder folder = TemporaryFolder.create();
    Optional<EmbeddedRedis> redis = Optional.empty();
    try {
      if (redisUrl.isEmpty()) {
        redis = Optional.of(EmbeddedRedis.start(folder.path(), 0));
      }
      String url = redisUrl.orElse(redis.map(EmbeddedRedis::url).orElse(""));
      return new JournalUnderTest(folder, redis, url, payload);
    } catch (RuntimeException failed) {
      redis.ifPresent(EmbeddedRedis::close);
      folder.close();
      throw failed;
    }
  }

  /** As a node has it, but with no cluster. */
  private static Config config(String url, String prefix) {
    return ConfigLayers.load(
        Optional.empty(),
        Map.of(
            "akka.actor.provider",
            "local",
            "akka.jvm-shutdown-hooks",
            "off",
            "beamhive.persistence.redis.url",
            url,
            "beamhive.persistence.redis.key-prefix",
            prefix));
  }

  ActorSystem<?> system() {
    return system;
  }

  BareRedis bare() {
    return bare;
  }

  /** A name that was not used before: a persistence id, a tag, or a part of a key. */
  String newName() {
    return "bench%06d".formatted(++names);
  }

  /** A key for the bare client. */
  String newKey() {
    return prefix + ":bare:" + newName();
  }

  /** An entity that is new and ready. */
  ActorRef<JournalEntity.Command> ready(String persistenceId, Set<String> tags) {
    CompletableFuture<Long> recovered = new CompletableFuture<>();
    ActorRef<JournalEntity.Command> entity = spawn(persistenceId, tags, count -> {}, recovered);
    recovered.join();
    return entity;
  }

  /**
   * Starts an entity.
   *
   * @param counter told the number of events when one more is applied
   * @param recovered completed with the number of recovered events
   */
  ActorRef<JournalEntity.Command> spawn(
      String persistenceId,
      Set<String> tags,
      LongConsumer counter,
      CompletableFuture<Long> recovered) {
    JournalEntity.Birth birth =
        new JournalEntity.Birth(persistenceId, event, tags, counter, recovered);
    return AskPattern.<SpawnProtocol.Command, ActorRef<JournalEntity.Command>>ask(
            system,
            replyTo ->
                new SpawnProtocol.Spawn<>(
                    JournalEntity.create(birth), newName(), Props.empty(), replyTo),
            START,
            system.scheduler())
        .toCompletableFuture()
        .join();
  }

  /** The stream in which the journal keeps the events of an id. */
  String streamOf(String persistenceId) {
    return bare.streams(prefix + "*" + persistenceId + "*").get(0);
  }

  /** An entry as the journal stores it: what the bare client is given to store. */
  Map<String, byte[]> storedEntry() {
    String id = newName();
    JournalEntity.write(ready(id, Set.of()), 1, 1, Duration.ZERO).join();
    return bare.newest(streamOf(id));
  }

  /** Whether what fails now fails because this ends. */
  boolean isClosing() {
    return closing;
  }

  @Override
  public void close() throws IOException {
    closing = true;
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
    bare.delete(prefix + "*");
    bare.close();
    redis.ifPresent(EmbeddedRedis::close);
    folder.close();
  }
}

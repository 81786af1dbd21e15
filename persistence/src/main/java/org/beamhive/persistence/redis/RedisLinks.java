package org.beamhive.persistence.redis;

import akka.actor.AbstractExtensionId;
import akka.actor.ActorSystem;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import akka.coordination.lease.LeaseSettings;
import com.typesafe.config.Config;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * What the plugins of one actor system share: threads, connections, codec. It is closed when the
 * system has terminated, not in an earlier phase of the coordinated shutdown, because persistent
 * actors may write until they have stopped.
 */
final class RedisLinks implements Extension {

  private static final Id ID = new Id();

  /** What a plugin works with. */
  record Plugin(
      RedisSettings settings, Codec codec, RedisEventStore events, RedisSnapshots snapshots) {}

  private record Place(ServerSettings server, String keyPrefix) {}

  private final Config config;
  private final Codec codec;
  private final ClientResources resources;
  private final Map<ServerSettings, RedisLink> links = new ConcurrentHashMap<>();

  /**
   * Of the leases, apart from the others: a renewal can't wait behind a large batch, nor as long as
   * a write may.
   */
  private final Map<ServerSettings, RedisLink> leaseLinks = new ConcurrentHashMap<>();

  private final Queue<LeaseKeeper> keepers = new ConcurrentLinkedQueue<>();

  /** Shared, so that the writes of all journals of one place go together. */
  private final Map<Place, RedisEventStore> stores = new ConcurrentHashMap<>();

  private RedisLinks(ActorSystem system) {
    this.config = system.settings().config();
    this.codec = new Codec(system);
    this.resources = resources();
    system.registerOnTermination(this::close);
  }

  static ClientResources resources() {
    return ClientResources.builder()
        .ioThreadPoolSize(2)
        .computationThreadPoolSize(2)
        // The client's own default grows to 30 s, which is a long stop after a short restart of
        // Redis.
        .reconnectDelay(
            Delay.exponential(
                Duration.ofMillis(20), Duration.ofSeconds(1), 2, TimeUnit.MILLISECONDS))
        .build();
  }

  static RedisLinks get(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  /**
   * @param section of a plugin, as Akka hands it over
   * @param path where that section sits
   */
  Plugin plugin(Config section, String path) {
    RedisSettings settings = RedisSettings.from(Section.of(section, path, config));
    RedisLink link =
        links.computeIfAbsent(settings.server(), server -> new RedisLink(server, resources));
    Keys keys = new Keys(settings.keyPrefix());
    RedisEventStore events =
        stores.computeIfAbsent(
            new Place(settings.server(), settings.keyPrefix()),
            place -> new RedisEventStore(link, keys));
    return new Plugin(settings, codec, events, new RedisSnapshots(link, keys));
  }

  /**
   * @param settings of a lease, as Akka hands them over: without the path of their section
   * @param callbacks runs what is to be told to the lease's user
   */
  LeaseKeeper keeper(LeaseSettings settings, Executor callbacks) {
    Section section = Section.ofLease(settings.leaseConfig(), config);
    LeaseTimes times = LeaseTimes.from(settings.timeoutSettings(), section);
    RedisSettings redis = RedisSettings.from(section);
    RedisLink link =
        leaseLinks.computeIfAbsent(
            redis.server().impatient(times.patience(), times.operation()),
            server -> new RedisLink(server, resources));
    LeaseKeeper keeper =
        new LeaseKeeper(
            settings.leaseName(),
            settings.ownerName(),
            times,
            new RedisLeaseStore(link, new Keys(redis.keyPrefix()), settings.leaseName()),
            new SystemClock(resources.eventExecutorGroup()),
            callbacks);
    keepers.add(keeper);
    return keeper.start();
  }

  /** Who has a lease of this name, as a keeper of it sees it. */
  Optional<String> leaseOwner(String name) {
    return keepers.stream()
        .filter(keeper -> keeper.name().equals(name))
        .findFirst()
        .flatMap(LeaseKeeper::owner);
  }

  /** Its threads don't depend on Akka's dispatchers, which may be full of work. */
  private record SystemClock(ScheduledExecutorService threads) implements LeaseKeeper.Clock {
    @Override
    public long now() {
      return System.nanoTime();
    }

    @Override
    public void after(Duration delay, Runnable action) {
      threads.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Waits, because the actor system counts as terminated only when the threads of the client are
   * gone.
   */
  private void close() {
    keepers.forEach(LeaseKeeper::end);
    leaseLinks.values().forEach(RedisLink::close);
    links.values().forEach(RedisLink::close);
    resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  static final class Id extends AbstractExtensionId<RedisLinks> {
    @Override
    public RedisLinks createExtension(ExtendedActorSystem system) {
      return new RedisLinks(system);
    }
  }
}

package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import io.lettuce.core.resource.ClientResources;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** An event store without an actor system. */
final class OpenStore implements AutoCloseable {

  private final ClientResources resources = RedisLinks.resources();
  final RedisLink link;
  final RedisEventStore events;
  final RedisSnapshots snapshots;

  private OpenStore(RedisSettings settings) {
    this.link = new RedisLink(settings.server(), resources);
    Keys keys = new Keys(settings.keyPrefix());
    this.events = new RedisEventStore(link, keys);
    this.snapshots = new RedisSnapshots(link, keys);
  }

  static OpenStore of(Config system) {
    return new OpenStore(settings(system));
  }

  static RedisSettings settings(Config system) {
    String path = "beamhive.persistence.redis.journal";
    return RedisSettings.from(Section.of(system.getConfig(path), path, system));
  }

  /** For a test that lasts no longer than a minute. */
  static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    link.close();
    resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}

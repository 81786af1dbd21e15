package org.beamhive.persistence.redis;

import akka.actor.AbstractExtensionId;
import akka.actor.ActorSystem;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;

/**
 * What the plugins of one actor system share: settings, connections, codec. It is closed when the
 * system has terminated, not in an earlier phase of the coordinated shutdown, because persistent
 * actors may write until they have stopped.
 */
final class RedisLinks implements Extension {

  private static final Id ID = new Id();

  final RedisSettings settings;
  final Codec codec;
  final RedisEventStore events;
  final RedisSnapshots snapshots;

  private RedisLinks(ActorSystem system) {
    this.settings = RedisSettings.from(system.settings().config());
    this.codec = new Codec(system);
    RedisLink link = new RedisLink(settings);
    system.registerOnTermination(link::close);
    Keys keys = new Keys(settings.keyPrefix());
    this.events = new RedisEventStore(link, keys);
    this.snapshots = new RedisSnapshots(link, keys);
  }

  static RedisLinks get(ClassicActorSystemProvider system) {
    return ID.get(system);
  }

  static final class Id extends AbstractExtensionId<RedisLinks> {
    @Override
    public RedisLinks createExtension(ExtendedActorSystem system) {
      return new RedisLinks(system);
    }
  }
}

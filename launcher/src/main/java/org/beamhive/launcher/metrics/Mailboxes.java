package org.beamhive.launcher.metrics;

import akka.actor.ActorRef;
import akka.actor.ActorRefWithCell;
import akka.actor.Cell;
import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import scala.jdk.javaapi.CollectionConverters;

/**
 * How many messages wait for the actors of this node that matter, counted when somebody asks.
 *
 * <p>Akka has no figure for it. A mailbox of our own that counts would cost each message of each
 * actor something; this walks to the actors by their places and lets their mailboxes count
 * themselves, which costs nothing until somebody asks and then as much as there are messages. It
 * uses parts of Akka that are not meant for others ({@link Cell}); Akka's release is pinned.
 */
final class Mailboxes {
  private static final String SINGLETON = "singletonManager";
  private static final String DEVICES = "device-";
  private static final String FILES = "file-writer";
  private static final String GUARD = "hutch-guard";

  private final ExtendedActorSystem system;

  Mailboxes(ActorSystem<?> system) {
    this.system = (ExtendedActorSystem) Adapter.toClassic(system);
  }

  /** Messages that wait, by the kind of actor; kinds of which this node has none are not there. */
  Map<String, Integer> waiting() {
    Map<String, Integer> waiting = new TreeMap<>();
    children(
        system.provider().systemGuardian(),
        (name, actor) -> {
          if (name.startsWith(SINGLETON)) {
            children(actor, (single, ref) -> singleton(single, ref, waiting));
          } else if (name.startsWith(GUARD)) {
            add(waiting, GUARD, actor);
          } else if (name.equals("sharding")) {
            children(actor, (region, shards) -> entities(region, shards, waiting));
          }
        });
    return waiting;
  }

  private static void singleton(String name, ActorRef actor, Map<String, Integer> waiting) {
    add(waiting, name, actor);
    children(
        actor,
        (child, worker) -> {
          if (child.startsWith("worker-")) {
            add(waiting, "scan-worker", worker);
            children(
                worker,
                (part, ref) -> {
                  if (part.equals("run-log")) {
                    add(waiting, "run-log", ref);
                  } else if (part.equals("bundler")) {
                    add(waiting, "scan-bundler", ref);
                  }
                });
          }
        });
  }

  private static void entities(String region, ActorRef shards, Map<String, Integer> waiting) {
    String kind =
        region.startsWith(DEVICES) ? "device" : region.equals(FILES) ? "file-writer" : null;
    if (kind != null) {
      children(shards, (shard, ref) -> children(ref, (id, entity) -> add(waiting, kind, entity)));
    }
  }

  private static void add(Map<String, Integer> waiting, String kind, ActorRef actor) {
    if (actor instanceof ActorRefWithCell local) {
      waiting.merge(kind, local.underlying().numberOfMessages(), Integer::sum);
    }
  }

  private static void children(ActorRef parent, BiConsumer<String, ActorRef> visit) {
    if (parent instanceof ActorRefWithCell local) {
      Cell cell = local.underlying();
      for (ActorRef child : CollectionConverters.asJava(cell.childrenRefs().children())) {
        visit.accept(child.path().name(), child);
      }
    }
  }
}

package org.beamhive.persistence.redis;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A program with little memory that reads a long history in several ways: {@link LongReplayIT}
 * starts it in a process of its own. It takes the address of Redis, the number of events, and ways
 * to read: {@code recovery:id}, {@code events:id} and {@code tag:tag}.
 */
final class SmallReader {

  private static final int MINUTES = 5;

  private final long events;
  private long read;

  private SmallReader(long events) {
    this.events = events;
  }

  /** What is stored under a number. */
  static Ledger.Entry entry(long number, int size) {
    return new Ledger.Entry("x".repeat(size) + number);
  }

  public static void main(String[] args) throws Exception {
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "reader",
            ConfigFactory.parseString(
                    """
                    akka.persistence.journal.plugin = "beamhive.persistence.redis.journal"
                    akka.actor.serialization-bindings {
                      "org.beamhive.persistence.redis.Storable" = jackson-cbor
                    }
                    akka.loglevel = ERROR
                    """)
                .withFallback(
                    ConfigFactory.parseString(
                        "beamhive.persistence.redis.url = \"" + args[0] + '"'))
                .withFallback(ConfigFactory.load()));
    for (int i = 2; i < args.length; i++) {
      String[] way = args[i].split(":");
      SmallReader reader = new SmallReader(Long.parseLong(args[1]));
      CompletionStage<Done> done =
          way[0].equals("recovery")
              ? reader.recover(system, way[1])
              : reader.query(system, reader.source(system, way[0], way[1]));
      done.toCompletableFuture().get(MINUTES, TimeUnit.MINUTES);
      if (reader.read != reader.events) {
        throw new IllegalStateException(args[i] + " has read " + reader.read);
      }
      System.out.println("read " + args[i]);
    }
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(MINUTES, TimeUnit.MINUTES);
  }

  private void take(Ledger.Entry entry) {
    read++;
    String end = "x" + read;
    if (!entry.text().endsWith(end)) {
      throw new IllegalStateException("Event " + read + " is another one");
    }
    if (read == 1) {
      // Meanwhile all the rest would pile up behind a reader without measure.
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1500));
    }
  }

  private Source<EventEnvelope, NotUsed> source(ActorSystem<?> system, String way, String of) {
    RedisReadJournal journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
    return way.equals("tag")
        ? journal.eventsByTag(of, Offset.noOffset()).take(events)
        : journal.currentEventsByPersistenceId(of, 0, Long.MAX_VALUE);
  }

  private CompletionStage<Done> query(
      ActorSystem<?> system, Source<EventEnvelope, NotUsed> source) {
    return source
        .map(EventEnvelope::event)
        .runWith(Sink.foreach(event -> take((Ledger.Entry) event)), system);
  }

  private CompletionStage<Done> recover(ActorSystem<?> system, String id) {
    CompletableFuture<Done> done = new CompletableFuture<>();
    system.systemActorOf(recovering(id, done), "recovering", akka.actor.typed.Props.empty());
    return done;
  }

  private Behavior<Done> recovering(String id, CompletableFuture<Done> done) {
    return new EventSourcedBehavior<Done, Ledger.Entry, Done>(PersistenceId.ofUniqueId(id)) {
      @Override
      public Done emptyState() {
        return Done.getInstance();
      }

      @Override
      public CommandHandler<Done, Ledger.Entry, Done> commandHandler() {
        return (state, command) -> Effect().none();
      }

      @Override
      public EventHandler<Done, Ledger.Entry> eventHandler() {
        return (state, entry) -> {
          take(entry);
          return state;
        };
      }

      @Override
      public SignalHandler<Done> signalHandler() {
        return newSignalHandlerBuilder()
            .onSignal(RecoveryCompleted.instance(), state -> done.complete(state))
            .onSignal(
                RecoveryFailed.class,
                (state, failed) -> done.completeExceptionally(failed.getFailure()))
            .build();
      }
    };
  }
}

package org.beamhive.persistence.redis;

import akka.actor.ActorRef;
import akka.persistence.AtomicWrite;
import akka.persistence.JournalProtocol;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.beamhive.persistence.redis.PageReader.Pages;
import scala.PartialFunction;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;
import scala.util.control.NonFatal;

/**
 * The journal plugin actor. It serializes, hands over to {@link RedisEventStore} and keeps nothing
 * but the writes that have no answer yet. Akka's persistent actors talk to it. An event that can't
 * be serialized or is too large is rejected: nothing of it was stored, and Akka tells the actor so
 * (a typed one gets an {@code EventRejectedException}, which stops it unless it is supervised). A
 * write that fails stops or restarts the actor that asked for it; this one goes on.
 */
public final class RedisJournal extends AsyncWriteJournal {

  /** Writes of one call go to Redis together up to this size, and one after the other beyond it. */
  private static final long TOGETHER = 4L << 20;

  private final RedisSettings settings;
  private final Codec codec;
  private final RedisEventStore store;
  private final Executor dispatcher;

  /** The last write of each persistence id that has one without answer. */
  private final Map<String, CompletionStage<Void>> writesInProgress = new ConcurrentHashMap<>();

  /**
   * A replay that is going to begin.
   *
   * @param max events at most
   * @param receiver who waits for it
   * @param large whether there may be large events
   */
  private record Awaited(long max, Receiver receiver, boolean large) {}

  /** By their tickets. */
  private final Map<Long, Awaited> awaited = new ConcurrentHashMap<>();

  /** The replay that is asked for by the message being handled, and its ticket. */
  private JournalProtocol.ReplayMessages asked;

  private long ticket;
  private Set<ActorRef> childrenBefore = Set.of();

  /**
   * Called by Akka.
   *
   * @param section of the journal
   * @param path where that section sits
   */
  public RedisJournal(Config section, String path) {
    RedisLinks.Plugin plugin = RedisLinks.get(context().system()).plugin(section, path);
    this.settings = plugin.settings();
    this.codec = plugin.codec();
    this.store = plugin.events();
    this.dispatcher = context().dispatcher();
  }

  /**
   * Takes note of who is going to receive a replay, which Akka doesn't tell its plugins: without
   * knowing how far the receiver is, a long replay would pile up before it.
   *
   * <p>Two calls belong to one replay, and all that Akka takes from the request to the second one
   * is the highest number of events. So a ticket goes in its place: the persistence id may have two
   * replays at a time, when an actor is restarted during its recovery.
   */
  @Override
  public void aroundReceive(PartialFunction<Object, BoxedUnit> receive, Object message) {
    if (message instanceof JournalProtocol.ReplayMessages replay) {
      asked = replay;
      ticket++;
      childrenBefore = children();
      super.aroundReceive(
          receive,
          new JournalProtocol.ReplayMessages(
              replay.fromSequenceNr(),
              replay.toSequenceNr(),
              ticket,
              replay.persistenceId(),
              replay.persistentActor()));
      asked = null;
    } else {
      super.aroundReceive(receive, message);
    }
  }

  private Set<ActorRef> children() {
    return new HashSet<>(CollectionConverters.asJavaCollection(context().children()));
  }

  /** Called while Akka handles the request, just after it has made its filter for this replay. */
  private Receiver receiver() {
    Set<ActorRef> filters = children();
    filters.removeAll(childrenBefore);
    List<ActorRef> stages = new ArrayList<>(filters);
    stages.add(asked.persistentActor());
    return new Receiver(stages, settings.replayStallTimeout());
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> results = new ArrayList<>();
    List<List<StoredEvent>> accepted = new ArrayList<>();
    String persistenceId = "";
    for (AtomicWrite write : messages) {
      persistenceId = write.persistenceId();
      try {
        accepted.add(store(write));
        results.add(Optional.empty());
      } catch (Exception rejection) {
        results.add(Optional.of(rejection));
      } catch (Error broken) {
        results.add(Optional.of(rejection(broken)));
      }
    }
    CompletionStage<Void> written = write(persistenceId, accepted);
    return Stages.toScala(written.thenApply(done -> results));
  }

  /**
   * A serializer that breaks says nothing about the other events, unless the whole process does.
   */
  private static Exception rejection(Error broken) {
    if (NonFatal.apply(broken)) {
      return new IllegalArgumentException("The serializer broke: " + broken, broken);
    }
    throw broken;
  }

  /** All writes of one call are of one persistence id: a persistent actor asks for itself only. */
  private CompletionStage<Void> write(String persistenceId, List<List<StoredEvent>> accepted) {
    CompletionStage<Void> written = CompletableFuture.completedStage(null);
    // One after the other, so that a failed one leaves no gap before a later one.
    for (List<StoredEvent> events : together(accepted)) {
      written =
          accepted.size() == 1
              ? store.append(persistenceId, events)
              : written.thenCompose(done -> store.append(persistenceId, events));
    }
    CompletionStage<Void> last = written;
    writesInProgress.put(persistenceId, last);
    last.whenComplete((done, problem) -> writesInProgress.remove(persistenceId, last));
    return last;
  }

  private List<StoredEvent> store(AtomicWrite write) {
    long now = System.currentTimeMillis();
    List<StoredEvent> events = new ArrayList<>(write.size());
    long size = 0;
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      StoredEvent stored = codec.store(event, now);
      if (stored.size() > settings.maxPayloadBytes()) {
        throw settings.tooLarge(
            "Event %d of '%s'".formatted(event.sequenceNr(), event.persistenceId()),
            stored.size(),
            settings.maxPayloadBytes(),
            "max-payload-bytes");
      }
      events.add(stored);
      size += stored.size();
    }
    if (size > settings.maxBatchBytes()) {
      throw settings.tooLarge(
          "The batch of %d events of '%s'".formatted(events.size(), write.persistenceId()),
          size,
          settings.maxBatchBytes(),
          "max-batch-bytes");
    }
    return events;
  }

  private static List<List<StoredEvent>> together(List<List<StoredEvent>> writes) {
    if (writes.size() < 2) {
      return writes;
    }
    List<List<StoredEvent>> calls = new ArrayList<>();
    long size = TOGETHER;
    for (List<StoredEvent> write : writes) {
      long more = write.stream().mapToLong(StoredEvent::size).sum();
      if (size + more > TOGETHER) {
        calls.add(new ArrayList<>());
        size = 0;
      }
      calls.get(calls.size() - 1).addAll(write);
      size += more;
    }
    return calls;
  }

  /** Waits for a write in progress: an actor may delete what it has just persisted. */
  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Stages.toScala(
        settled(persistenceId).thenCompose(done -> store.deleteTo(persistenceId, toSequenceNr)));
  }

  /**
   * Waits for a write in progress: an actor that was restarted during its write must not recover
   * without those events, or it would give their numbers away a second time.
   */
  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    JournalProtocol.ReplayMessages request = asked;
    long itsTicket = ticket;
    Receiver receiver = receiver();
    return Stages.toScala(
        settled(persistenceId)
            .thenCompose(done -> store.clusterTags().settleLeftOf(persistenceId))
            .thenCompose(done -> store.head(persistenceId))
            .thenApply(
                head -> {
                  long last = Math.min(request.toSequenceNr(), head.highest());
                  if (last > 0 && request.fromSequenceNr() <= last) {
                    awaited.put(itsTicket, new Awaited(request.max(), receiver, head.large()));
                  }
                  return head.highest();
                }));
  }

  private CompletionStage<Void> settled(String persistenceId) {
    CompletionStage<Void> write = writesInProgress.get(persistenceId);
    return write == null
        ? CompletableFuture.completedStage(null)
        : write.handle((done, problem) -> null);
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long itsTicket,
      Consumer<PersistentRepr> replayCallback) {
    Awaited replay = awaited.remove(itsTicket);
    Pages<StoredEvent> pages =
        new StoredEvents(store, persistenceId, settings.page(), replay.large);
    // Akka has limited it to what is there.
    PageReader<StoredEvent> reader =
        PageReader.ofKnown(pages, Math.max(0, fromSequenceNr), toSequenceNr);
    Consumer<StoredEvent> handOver =
        event -> replayCallback.accept(codec.restore(persistenceId, event));
    return Stages.toScala(
        new Replay(reader, replay.receiver, handOver, dispatcher).run(replay.max));
  }
}

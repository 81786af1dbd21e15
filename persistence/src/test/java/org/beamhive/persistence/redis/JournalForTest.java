package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.AtomicWrite;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.JournalProtocol;
import akka.persistence.Persistence;
import akka.persistence.PersistentEnvelope;
import akka.persistence.PersistentRepr;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.LongStream;
import scala.jdk.javaapi.CollectionConverters;

/** Speaks to a journal as persistent actors do, without being one. */
final class JournalForTest {

  static final Duration LONG = Duration.ofSeconds(30);

  /** The number of a persistent actor's life, which the journal gives back. */
  private static final int INSTANCE = 7;

  final String writer = UUID.randomUUID().toString();
  private final ActorSystem system;
  private final ActorRef journal;

  /**
   * @param pluginId empty for the default one
   */
  JournalForTest(ActorSystem system, String pluginId) {
    this.system = system;
    this.journal = Persistence.get(system).journalFor(pluginId, ConfigFactory.empty());
  }

  ActorRef ref() {
    return journal;
  }

  PersistentRepr event(String persistenceId, long sequenceNr, Object payload) {
    return event(persistenceId, sequenceNr, payload, ActorRef.noSender());
  }

  PersistentRepr event(String persistenceId, long sequenceNr, Object payload, ActorRef sender) {
    return PersistentRepr.apply(payload, sequenceNr, persistenceId, "", false, sender, writer);
  }

  /** Events that are stored all or none. */
  static AtomicWrite together(PersistentRepr... events) {
    return AtomicWrite.apply(CollectionConverters.asScala(List.of(events)).toSeq());
  }

  /** All answers to one request, in their order, without the one that says that it succeeded. */
  List<Answer> write(PersistentEnvelope... writes) {
    return asked(
        probe -> {
          journal.tell(request(probe, writes), probe.getRef());
          probe.expectMsg(LONG, JournalProtocol.WriteMessagesSuccessful$.MODULE$);
          List<Answer> answers = new ArrayList<>();
          for (PersistentEnvelope write : writes) {
            for (int i = 0; i < write.size(); i++) {
              answers.add(Answer.of(probe.receiveOne(LONG), probe.getLastSender()));
            }
          }
          return answers;
        });
  }

  /** Why a request failed as a whole. */
  Throwable failureOfWriting(PersistentEnvelope... writes) {
    return asked(
        probe -> {
          journal.tell(request(probe, writes), probe.getRef());
          Throwable cause =
              probe.expectMsgClass(LONG, JournalProtocol.WriteMessagesFailed.class).cause();
          for (PersistentEnvelope write : writes) {
            for (int i = 0; i < write.size(); i++) {
              JournalProtocol.WriteMessageFailure failure =
                  probe.expectMsgClass(LONG, JournalProtocol.WriteMessageFailure.class);
              assertThat(failure.cause()).isSameAs(cause);
            }
          }
          return cause;
        });
  }

  private static JournalProtocol.WriteMessages request(TestKit probe, PersistentEnvelope[] writes) {
    return new JournalProtocol.WriteMessages(
        CollectionConverters.asScala(List.of(writes)).toSeq(), probe.getRef(), INSTANCE);
  }

  /**
   * What became of one event.
   *
   * @param rejection null if it was stored
   */
  record Answer(Object payload, long sequenceNr, Throwable rejection, ActorRef sender) {
    static Answer of(Object message, ActorRef sender) {
      if (message instanceof JournalProtocol.WriteMessageSuccess stored) {
        assertThat(stored.actorInstanceId()).isEqualTo(INSTANCE);
        PersistentRepr event = stored.persistent();
        return new Answer(event.payload(), event.sequenceNr(), null, sender);
      }
      if (message instanceof JournalProtocol.WriteMessageRejected rejected) {
        assertThat(rejected.actorInstanceId()).isEqualTo(INSTANCE);
        PersistentRepr event = rejected.message();
        return new Answer(event.payload(), event.sequenceNr(), rejected.cause(), sender);
      }
      if (message instanceof JournalProtocol.LoopMessageSuccess looped) {
        return new Answer(looped.message(), 0, null, sender);
      }
      throw new AssertionError("Not an answer to a write: " + message);
    }

    boolean stored() {
      return rejection == null;
    }
  }

  /** Stores the samples "a-1", "a-2" and so on, all by one request but each on its own. */
  void writeSamples(String persistenceId, long from, long to) {
    writePayloads(
        persistenceId,
        from,
        LongStream.rangeClosed(from, to).mapToObj(n -> new Sample("a-" + n)).toArray());
  }

  void writePayloads(String persistenceId, long from, Object... payloads) {
    PersistentEnvelope[] writes = new PersistentEnvelope[payloads.length];
    for (int i = 0; i < payloads.length; i++) {
      writes[i] = together(event(persistenceId, from + i, payloads[i]));
    }
    assertThat(write(writes)).allMatch(Answer::stored);
  }

  /**
   * What came of a replay.
   *
   * @param highest sequence number, as the journal tells it at the end
   */
  record Replayed(List<PersistentRepr> events, long highest) {
    List<Long> sequenceNrs() {
      return events.stream().map(PersistentRepr::sequenceNr).toList();
    }

    List<Object> payloads() {
      return events.stream().map(PersistentRepr::payload).toList();
    }
  }

  Replayed replay(String persistenceId) {
    return replay(persistenceId, 0, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  Replayed replay(String persistenceId, long from, long to, long max) {
    return asked(
        probe -> {
          askForReplay(persistenceId, from, to, max, probe.getRef());
          List<PersistentRepr> events = new ArrayList<>();
          Object end = events(probe, events);
          if (end instanceof JournalProtocol.RecoverySuccess success) {
            return new Replayed(events, success.highestSequenceNr());
          }
          throw new AssertionError("Not the good end of a replay: " + end);
        });
  }

  /** Why a replay failed. */
  Throwable failureOfReplaying(String persistenceId) {
    return asked(
        probe -> {
          askForReplay(persistenceId, 0, Long.MAX_VALUE, Long.MAX_VALUE, probe.getRef());
          Object end = events(probe, new ArrayList<>());
          if (end instanceof JournalProtocol.ReplayMessagesFailure failure) {
            return failure.cause();
          }
          throw new AssertionError("Not the bad end of a replay: " + end);
        });
  }

  void askForReplay(String persistenceId, long from, long to, long max, ActorRef receiver) {
    journal.tell(
        new JournalProtocol.ReplayMessages(from, to, max, persistenceId, receiver), receiver);
  }

  private static Object events(TestKit probe, List<PersistentRepr> events) {
    Object message = probe.receiveOne(LONG);
    while (message instanceof JournalProtocol.ReplayedMessage replayed) {
      events.add(replayed.persistent());
      message = probe.receiveOne(LONG);
    }
    return message;
  }

  /** Deletes and waits for the answer. */
  void deleteTo(String persistenceId, long sequenceNr) {
    asked(
        probe -> {
          journal.tell(
              new JournalProtocol.DeleteMessagesTo(persistenceId, sequenceNr, probe.getRef()),
              probe.getRef());
          return probe.expectMsg(LONG, new DeleteMessagesSuccess(sequenceNr));
        });
  }

  private <T> T asked(Function<TestKit, T> question) {
    TestKit probe = new TestKit(system);
    try {
      return question.apply(probe);
    } finally {
      system.stop(probe.getRef());
    }
  }
}

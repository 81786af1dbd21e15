package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.EventAdapter;
import akka.persistence.journal.EventSeq;
import akka.persistence.journal.Tagged;
import akka.persistence.journal.WriteEventAdapter;
import akka.testkit.javadsl.TestKit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.OptionConverters;

/** What a journal keeps of an event, and what event adapters make of it. */
class EventContentIT {

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;

  private final String pid = "content-" + ids.incrementAndGet();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "event-content",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    """
                    adapting = ${beamhive.persistence.redis.journal} {
                      event-adapters {
                        note = "org.beamhive.persistence.redis.EventContentIT$NoteAdapter"
                        tag = "org.beamhive.persistence.redis.EventContentIT$TagAdapter"
                      }
                      event-adapter-bindings {
                        "org.beamhive.persistence.redis.EventContentIT$Note" = note
                        "org.beamhive.persistence.redis.Sample" = note
                        "java.lang.String" = tag
                      }
                    }
                    """)
                .resolve());
    journal = new JournalForTest(system, "");
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  private PersistentRepr storedAndReplayed(PersistentRepr event) {
    assertThat(journal.write(together(event))).allMatch(JournalForTest.Answer::stored);
    List<PersistentRepr> events = journal.replay(pid).events();
    assertThat(events).hasSize(1);
    return events.get(0);
  }

  @Nested
  class Kept {

    @Test
    void theEventByTheManifestOfItsSerializer() {
      PersistentRepr replayed = storedAndReplayed(journal.event(pid, 1, new Sample("größe")));
      assertThat(replayed.payload()).isEqualTo(new Sample("größe"));
    }

    @Test
    void bytesAsTheyAre() {
      byte[] bytes = new byte[256];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) i;
      }
      assertThat((byte[]) storedAndReplayed(journal.event(pid, 1, bytes)).payload())
          .isEqualTo(bytes);
    }

    /** With an address in it that only this actor system knows. */
    record Addressed(ActorRef to, Optional<String> subject) implements Storable {}

    @Test
    void theActorsInIt() {
      TestKit receiver = new TestKit(system);
      Addressed event = new Addressed(receiver.getRef(), Optional.of("größe"));
      Object replayed = storedAndReplayed(journal.event(pid, 1, event)).payload();
      assertThat(replayed).isEqualTo(event);
      ((Addressed) replayed).to.tell("hello", ActorRef.noSender());
      receiver.expectMsg(JournalForTest.LONG, "hello");
    }

    @Test
    void anEmptyEvent() {
      assertThat(storedAndReplayed(journal.event(pid, 1, "")).payload()).isEqualTo("");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"plain", "größe", "two\nlines", "100%", "%0A%00%25", "a\0b", "\n", "\r\n", " "})
    void theManifestThatWasGiven(String manifest) {
      PersistentRepr event = journal.event(pid, 1, new Sample("a")).withManifest(manifest);
      assertThat(storedAndReplayed(event).manifest()).isEqualTo(manifest);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "5f6b1bc1-6a51-4d6b-9b0a-3b4b3f0c9b11",
          "5F6B1BC1-6A51-4D6B-9B0A-3B4B3F0C9B11",
          "5f6b1bc16a514d6b9b0a3b4b3f0c9b11",
          "the writer of\nthis %0A",
          "1-1-1-1-1",
          ""
        })
    void theWriter(String writer) {
      PersistentRepr event =
          journal.event(pid, 1, new Sample("a")).update(1, pid, false, ActorRef.noSender(), writer);
      assertThat(storedAndReplayed(event).writerUuid()).isEqualTo(writer);
    }

    @Test
    void theTimeOfWriting() {
      long before = System.currentTimeMillis();
      PersistentRepr replayed = storedAndReplayed(journal.event(pid, 1, new Sample("a")));
      assertThat(replayed.timestamp()).isBetween(before, System.currentTimeMillis());
    }

    @Test
    void theTimeThatWasGiven() {
      PersistentRepr event = journal.event(pid, 1, new Sample("a")).withTimestamp(1_234_567_890);
      assertThat(storedAndReplayed(event).timestamp()).isEqualTo(1_234_567_890);
    }

    @Test
    void notTheSender() {
      TestKit sender = new TestKit(system);
      PersistentRepr event = journal.event(pid, 1, new Sample("a"), sender.getRef());
      assertThat(storedAndReplayed(event).sender()).isEqualTo(ActorRef.noSender());
    }

    @Test
    void metadata() {
      for (Object metadata : List.of("text", "", new Sample("größe\n\0%"))) {
        String id = pid + metadata;
        journal.write(
            together(
                journal.event(id, 1, new Sample("a")).withMetadata(metadata),
                journal.event(id, 2, new Sample("b"))));
        assertThat(journal.replay(id).events())
            .extracting(event -> OptionConverters.toJava(event.metadata()))
            .containsExactly(Optional.of(metadata), Optional.empty());
      }
    }

    @Test
    void metadataBesideManifestAndTags() {
      PersistentRepr event =
          journal
              .event(pid, 1, new Tagged(new Sample("a"), Set.of("green", "größer")))
              .withManifest("m")
              .withMetadata(new Sample("meta"));
      PersistentRepr replayed = storedAndReplayed(event);
      assertThat(replayed.payload()).isEqualTo(new Sample("a"));
      assertThat(replayed.manifest()).isEqualTo("m");
      assertThat(replayed.metadata().get()).isEqualTo(new Sample("meta"));
    }

    @Test
    void notMetadataThatCanNotBeSerializedSoTheEventIsRejected() {
      PersistentRepr event = journal.event(pid, 1, "a").withMetadata(Sample.refused());
      assertThat(journal.write(together(event))).noneMatch(JournalForTest.Answer::stored);
      assertThat(journal.replay(pid).events()).isEmpty();
    }

    @Test
    void allThisTogetherAsOneWhole() {
      PersistentRepr event =
          journal.event(pid, 1, new Sample("a")).withManifest("m").withTimestamp(5);
      assertThat(storedAndReplayed(event)).isEqualTo(event);
    }
  }

  @Nested
  class Tags {

    @Test
    void areTakenOffOnReplay() {
      Tagged tagged = new Tagged(new Sample("a"), Set.of("green", "fruit"));
      assertThat(storedAndReplayed(journal.event(pid, 1, tagged)).payload())
          .isEqualTo(new Sample("a"));
    }

    @Test
    void mayBeNone() {
      Tagged tagged = new Tagged(new Sample("a"), Set.of());
      assertThat(storedAndReplayed(journal.event(pid, 1, tagged)).payload())
          .isEqualTo(new Sample("a"));
    }
  }

  /** A note in a model of today, stored as a sample. */
  record Note(String text, String storedAs) {}

  /** Several notes were once stored as one, and some are of no use any more. */
  public static final class NoteAdapter implements EventAdapter {

    @Override
    public String manifest(Object event) {
      return event instanceof Note ? "note-2" : "";
    }

    @Override
    public Object toJournal(Object event) {
      return event instanceof Note note ? new Sample(note.text) : event;
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      String text = ((Sample) event).text();
      return text.equals("useless")
          ? EventSeq.empty()
          : EventSeq.create(
              Stream.of(text.split("\\+")).map(part -> new Note(part, manifest)).toArray());
    }
  }

  /** Gives every text a tag and changes it, so that it shows. */
  public static final class TagAdapter implements WriteEventAdapter {

    @Override
    public String manifest(Object event) {
      return "";
    }

    @Override
    public Object toJournal(Object event) {
      return new Tagged(((String) event).toUpperCase(Locale.ROOT), Set.of("text"));
    }
  }

  @Nested
  class Adapters {

    private final JournalForTest adapting = new JournalForTest(system, "adapting");

    @Test
    void changeAnEventOnItsWayInAndOut() {
      adapting.writePayloads(pid, 1, new Note("a", ""));
      assertThat(journal.replay(pid).payloads()).containsExactly(new Sample("a"));
      assertThat(adapting.replay(pid).payloads()).containsExactly(new Note("a", "note-2"));
    }

    @Test
    void makeSeveralEventsOfOneOrNone() {
      adapting.writePayloads(
          pid, 1, new Note("a+b", ""), new Note("useless", ""), new Note("c", ""));
      assertThat(adapting.replay(pid).payloads())
          .containsExactly(
              new Note("a", "note-2"), new Note("b", "note-2"), new Note("c", "note-2"));
      assertThat(adapting.replay(pid).sequenceNrs()).containsExactly(1L, 1L, 3L);
      assertThat(adapting.replay(pid, 1, 2, 10).sequenceNrs()).containsExactly(1L, 1L);
      assertThat(adapting.replay(pid).highest()).isEqualTo(3);
    }

    @Test
    void seeTheManifestWithWhichAnEventWasStored() {
      String old = UUID.randomUUID().toString();
      journal.write(together(journal.event(pid, 1, new Sample("a")).withManifest(old)));
      assertThat(adapting.replay(pid).payloads()).containsExactly(new Note("a", old));
    }

    @Test
    void giveTags() {
      adapting.writePayloads(pid, 1, "a");
      assertThat(adapting.replay(pid).payloads()).containsExactly("A");
    }

    @Test
    void whoseEventIsRejectedAreAskedForNothingElse() {
      JournalForTest.Answer answer =
          adapting
              .write(together(adapting.event(pid, 1, new Note(SampleSerializer.REFUSED, ""))))
              .get(0);
      assertThat(answer.stored()).isFalse();
      assertThat(adapting.replay(pid).highest()).isZero();
    }
  }
}

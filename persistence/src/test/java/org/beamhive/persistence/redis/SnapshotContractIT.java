package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorSystem;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import akka.testkit.javadsl.TestKit;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.OptionConverters;

/** What Akka asks of a snapshot store. */
class SnapshotContractIT {

  private static final long ALL = Long.MAX_VALUE;
  private static final SnapshotSelectionCriteria LATEST = SnapshotSelectionCriteria.latest();

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static SnapshotsForTest snapshots;

  private final String pid = "snapshots-" + ids.incrementAndGet();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "snapshot-contract",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    "narrow = ${beamhive.persistence.redis.snapshot} { max-snapshot-bytes = 100 }")
                .resolve());
    snapshots = new SnapshotsForTest(system, "");
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  /** Snapshots "s-1" to "s-5" at the numbers 10, 20 to 50, each at a time of its own. */
  private List<SnapshotMetadata> saveFive() {
    List<SnapshotMetadata> saved = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      awaitTimeAfter(i == 1 ? 0 : saved.get(i - 2).timestamp());
      saved.add(snapshots.save(pid, i * 10L, new Sample("s-" + i)));
    }
    return saved;
  }

  private static void awaitTimeAfter(long millis) {
    while (System.currentTimeMillis() <= millis) {
      Thread.onSpinWait();
    }
  }

  private static Optional<Sample> sample(Optional<SelectedSnapshot> found) {
    return found.map(snapshot -> (Sample) snapshot.snapshot());
  }

  private Optional<Sample> latest() {
    return sample(snapshots.load(pid, LATEST));
  }

  /** Numbers of the snapshots that there are, the newest first, as one after the other is found. */
  private List<Long> all() {
    List<Long> numbers = new ArrayList<>();
    Optional<SelectedSnapshot> found = snapshots.load(pid, LATEST);
    while (found.isPresent()) {
      long number = found.get().metadata().sequenceNr();
      numbers.add(number);
      found = snapshots.load(pid, LATEST, number - 1);
    }
    return numbers;
  }

  @Nested
  class Loading {

    @Test
    void givesTheLatestWithItsMetadata() {
      List<SnapshotMetadata> saved = saveFive();
      SelectedSnapshot found = snapshots.load(pid, LATEST).orElseThrow();
      assertThat(found.snapshot()).isEqualTo(new Sample("s-5"));
      assertThat(found.metadata()).isEqualTo(saved.get(4));
      assertThat(found.metadata().persistenceId()).isEqualTo(pid);
      assertThat(found.metadata().timestamp()).isPositive();
    }

    @Test
    void findsNothingOfAnUnknownPersistenceId() {
      assertThat(snapshots.load(pid, LATEST)).isEmpty();
    }

    @ParameterizedTest(name = "up to {0} and at most {1}: {2}")
    @CsvSource({
      "13, all, s-1",
      "all, 13, s-1",
      "20, all, s-2",
      "all, 20, s-2",
      "19, 29, s-1",
      "39, 29, s-2",
      "49, all, s-4",
      "50, 50, s-5",
      "100, 100, s-5",
      "9, all, ",
      "all, 9, ",
      "0, 0, "
    })
    void obeysBothUpperLimitsOnTheNumber(String criterion, String request, String expected) {
      saveFive();
      SnapshotSelectionCriteria criteria = SnapshotSelectionCriteria.create(limit(criterion), ALL);
      assertThat(sample(snapshots.load(pid, criteria, limit(request))).map(Sample::text))
          .isEqualTo(Optional.ofNullable(expected));
    }

    private static long limit(String text) {
      return text.equals("all") ? ALL : Long.parseLong(text);
    }

    @Test
    void obeysAnUpperLimitOnTheTime() {
      List<SnapshotMetadata> saved = saveFive();
      for (int i = 0; i < 5; i++) {
        long time = saved.get(i).timestamp();
        assertThat(sample(snapshots.load(pid, SnapshotSelectionCriteria.create(ALL, time))))
            .contains(new Sample("s-" + (i + 1)));
      }
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(ALL, 100))).isEmpty();
    }

    @Test
    void obeysUpperLimitsOnNumberAndTimeTogether() {
      List<SnapshotMetadata> saved = saveFive();
      long third = saved.get(2).timestamp();
      assertThat(sample(snapshots.load(pid, SnapshotSelectionCriteria.create(25, third))))
          .contains(new Sample("s-2"));
      assertThat(sample(snapshots.load(pid, SnapshotSelectionCriteria.create(45, third))))
          .contains(new Sample("s-3"));
    }

    @Test
    void obeysLowerLimits() {
      List<SnapshotMetadata> saved = saveFive();
      long second = saved.get(1).timestamp();
      long third = saved.get(2).timestamp();
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(ALL, ALL, 51, 0))).isEmpty();
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(29, ALL, 21, 0))).isEmpty();
      assertThat(sample(snapshots.load(pid, SnapshotSelectionCriteria.create(29, ALL, 20, 0))))
          .contains(new Sample("s-2"));
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(29, ALL, 0, third)))
          .isEmpty();
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(ALL, second, 0, third)))
          .isEmpty();
      assertThat(sample(snapshots.load(pid, SnapshotSelectionCriteria.create(29, ALL, 0, second))))
          .contains(new Sample("s-2"));
      assertThat(
              sample(snapshots.load(pid, SnapshotSelectionCriteria.create(30, third, 30, third))))
          .contains(new Sample("s-3"));
    }

    @Test
    void takesNoneForNone() {
      saveFive();
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.none())).isEmpty();
    }

    @Test
    void findsOneFarBehindManyThatDoNotMatch() {
      SnapshotMetadata first = snapshots.save(pid, 1, new Sample("first"));
      awaitTimeAfter(first.timestamp());
      LongStream.rangeClosed(2, 120).forEach(n -> snapshots.save(pid, n, new Sample("later")));
      assertThat(
              sample(snapshots.load(pid, SnapshotSelectionCriteria.create(ALL, first.timestamp()))))
          .contains(new Sample("first"));
    }

    @Test
    void ordersNumbersByTheirSize() {
      for (long number : new long[] {9, 10, 100, 99, 1L << 53, (1L << 53) + 1, ALL}) {
        snapshots.save(pid, number, new Sample("s-" + number));
      }
      assertThat(all()).containsExactly(ALL, (1L << 53) + 1, 1L << 53, 100L, 99L, 10L, 9L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "{braces}", "{}", "100%", "größe", "line\nbreak"})
    void keepsEveryPersistenceIdApart(String name) {
      snapshots.save(name, 1, new Sample(name));
      assertThat(sample(snapshots.load(name, LATEST))).contains(new Sample(name));
      snapshots.delete(name, LATEST);
      assertThat(snapshots.load(name, LATEST)).isEmpty();
    }
  }

  @Nested
  class Deleting {

    @Test
    void takesTheOneOfANumberWhoseTimeIsUnknown() {
      saveFive();
      snapshots.delete(new SnapshotMetadata(pid, 30, 0));
      assertThat(all()).containsExactly(50L, 40L, 20L, 10L);
    }

    @Test
    void takesTheOneOfANumberAndATime() {
      List<SnapshotMetadata> saved = saveFive();
      snapshots.delete(saved.get(4));
      assertThat(all()).containsExactly(40L, 30L, 20L, 10L);
    }

    @Test
    void leavesTheOneOfThatNumberThatHasAnotherTime() {
      List<SnapshotMetadata> saved = saveFive();
      long other = saved.get(2).timestamp() + 1;
      snapshots.delete(new SnapshotMetadata(pid, 30, other));
      assertThat(all()).containsExactly(50L, 40L, 30L, 20L, 10L);
    }

    @Test
    void ofWhatIsNotThereSucceeds() {
      snapshots.delete(new SnapshotMetadata(pid, 30, 0));
      snapshots.delete(pid, LATEST);
      saveFive();
      snapshots.delete(new SnapshotMetadata(pid, 31, 0));
      assertThat(all()).hasSize(5);
    }

    @Test
    void obeysUpperLimits() {
      List<SnapshotMetadata> saved = saveFive();
      snapshots.delete(pid, SnapshotSelectionCriteria.create(30, saved.get(1).timestamp()));
      assertThat(all()).containsExactly(50L, 40L, 30L);
      snapshots.delete(pid, SnapshotSelectionCriteria.create(40, ALL));
      assertThat(all()).containsExactly(50L);
    }

    @Test
    void leavesThoseThatAreTooNew() {
      saveFive();
      snapshots.delete(pid, SnapshotSelectionCriteria.create(ALL, 100));
      assertThat(all()).hasSize(5);
    }

    @Test
    void obeysLowerLimits() {
      List<SnapshotMetadata> saved = saveFive();
      snapshots.delete(
          pid, SnapshotSelectionCriteria.create(40, ALL, 20, saved.get(2).timestamp()));
      assertThat(all()).containsExactly(50L, 20L, 10L);
    }

    @Test
    void takesAllForLatestAndNoneForNone() {
      saveFive();
      snapshots.delete(pid, SnapshotSelectionCriteria.none());
      assertThat(all()).hasSize(5);
      snapshots.delete(pid, LATEST);
      assertThat(all()).isEmpty();
    }

    @Test
    void leavesNothingInRedis() {
      saveFive();
      snapshots.delete(pid, LATEST);
      List<String> keys = redis.ask(commands -> commands.keys("*" + pid + "*"));
      assertThat(keys).isEmpty();
    }

    @Test
    void makesRoomForANewOneOfTheSameNumber() {
      SnapshotMetadata first = snapshots.save(pid, 5, new Sample("first"));
      snapshots.delete(first);
      snapshots.save(pid, 5, new Sample("second"));
      assertThat(latest()).contains(new Sample("second"));
    }
  }

  @Nested
  class Saving {

    @Test
    void replacesTheOneOfTheSameNumber() {
      SnapshotMetadata first =
          snapshots.save(
              new SnapshotMetadata(pid, 5, 0).withMetadata(new Sample("meta")), new Sample("old"));
      awaitTimeAfter(first.timestamp());
      SnapshotMetadata second = snapshots.save(pid, 5, new Sample("new"));
      assertThat(second.timestamp()).isGreaterThan(first.timestamp());
      SelectedSnapshot found = snapshots.load(pid, LATEST).orElseThrow();
      assertThat(found.snapshot()).isEqualTo(new Sample("new"));
      assertThat(found.metadata()).isEqualTo(second);
      assertThat(found.metadata().metadata().isEmpty()).isTrue();
      assertThat(snapshots.load(pid, SnapshotSelectionCriteria.create(5, first.timestamp())))
          .isEmpty();
    }

    /** After a failed save Akka tells the store to delete what there may be of that number. */
    @Test
    void leavesTheOneOfTheSameNumberIfItFails() {
      SnapshotsForTest narrow = new SnapshotsForTest(system, "narrow");
      narrow.save(pid, 5, new Sample("good"));
      narrow.failureOfSaving(pid, 5, new Sample("x".repeat(101)));
      narrow.failureOfSaving(pid, 5, Sample.refused());
      // The store deletes in the order of its messages, so this comes after.
      narrow.delete(new SnapshotMetadata(pid, 4, 0));
      assertThat(latest()).contains(new Sample("good"));
      narrow.delete(new SnapshotMetadata(pid, 5, 0));
      assertThat(latest()).isEmpty();
    }

    @Test
    void worksAtNumber0() {
      snapshots.save(pid, 0, new Sample("s-0"));
      assertThat(latest()).contains(new Sample("s-0"));
      assertThat(snapshots.load(pid, LATEST, 0)).isPresent();
      snapshots.delete(new SnapshotMetadata(pid, 0, 0));
      assertThat(latest()).isEmpty();
    }

    @Test
    void keepsMetadata() {
      SnapshotMetadata metadata =
          new SnapshotMetadata(pid, 5, 0).withMetadata(new Sample("größe\n"));
      snapshots.save(metadata, new Sample("a"));
      SelectedSnapshot found = snapshots.load(pid, LATEST).orElseThrow();
      assertThat(OptionConverters.toJava(found.metadata().metadata()))
          .contains(new Sample("größe\n"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1_000_000, 20_000_000})
    void keepsSmallAndLargeOnes(int size) {
      byte[] snapshot = new byte[size];
      for (int i = 0; i < size; i++) {
        snapshot[i] = (byte) (i * 31);
      }
      snapshots.save(pid, 5, snapshot);
      assertThat((byte[]) snapshots.load(pid, LATEST).orElseThrow().snapshot()).isEqualTo(snapshot);
    }

    @Test
    void refusesOneThatIsTooLargeAndNamesTheSetting() {
      SnapshotsForTest narrow = new SnapshotsForTest(system, "narrow");
      narrow.save(pid, 4, new Sample("x".repeat(100)));
      assertThat(narrow.failureOfSaving(pid, 5, new Sample("x".repeat(101))))
          .hasMessageContaining("Snapshot 5 of '" + pid + "'")
          .hasMessageContaining("101 bytes")
          .hasMessageContaining("100 allowed by narrow.max-snapshot-bytes");
      assertThat(all()).containsExactly(4L);
    }

    @Test
    void refusesWhatCanNotBeSerialized() {
      snapshots.save(pid, 4, new Sample("good"));
      assertThat(snapshots.failureOfSaving(pid, 5, Sample.refused()))
          .isInstanceOf(NotSerializableException.class);
      assertThat(snapshots.failureOfSaving(pid, 6, new Sample(SampleSerializer.BROKEN)))
          .hasStackTraceContaining("the serializer is broken");
      assertThat(latest()).contains(new Sample("good"));
    }
  }

  @Nested
  class Unreadable {

    @Test
    void namesPersistenceIdAndNumberIfTheSerializerIsUnknown() {
      snapshots.save(pid, 5, new Sample("a"));
      ActorSystem other =
          ActorSystem.create("without-serializer", redis.config("akka.loglevel = OFF"));
      try {
        assertThat(new SnapshotsForTest(other, "").failureOfLoading(pid))
            .isInstanceOf(UnreadableException.class)
            .hasMessageContaining("'" + pid + "'")
            .hasMessageContaining("sequence number 5 ")
            .hasMessageContaining("" + SampleSerializer.ID);
      } finally {
        TestKit.shutdownActorSystem(other);
      }
    }

    @Test
    void namesPersistenceIdAndNumberIfItsContentsAreGoneOrDamaged() {
      snapshots.save(pid, 5, new Sample("a"));
      String contents = new Keys("beamhive").snapshots(pid);
      for (String damage : List.of("damaged", "gone")) {
        redis.ask(
            commands -> {
              commands
                  .hkeys(contents)
                  .forEach(
                      field -> {
                        if (damage.equals("gone")) {
                          commands.hdel(contents, field);
                        } else {
                          commands.hset(contents, field, "?");
                        }
                      });
              return null;
            });
        assertThat(snapshots.failureOfLoading(pid))
            .describedAs(damage)
            .isInstanceOf(UnreadableException.class)
            .hasMessageContaining("'" + pid + "'")
            .hasMessageContaining("sequence number 5 ");
      }
    }

    @Test
    void isNoneOfThoseThatWereNotAskedFor() {
      snapshots.save(pid, 4, new Sample("good"));
      snapshots.save(pid, 5, new Sample("a"));
      redis.ask(
          commands -> {
            String contents = new Keys("beamhive").snapshots(pid);
            commands.hkeys(contents).stream()
                .filter(field -> field.startsWith("%019d".formatted(5)))
                .forEach(field -> commands.hset(contents, field, "?"));
            return null;
          });
      assertThat(sample(snapshots.load(pid, LATEST, 4))).contains(new Sample("good"));
      snapshots.delete(pid, SnapshotSelectionCriteria.create(5, ALL, 5, 0));
      assertThat(latest()).contains(new Sample("good"));
    }
  }
}

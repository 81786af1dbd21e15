package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When a contender may take a lease. */
class LeaseWatchTest {

  private static final long TIMEOUT = Duration.ofSeconds(3).toNanos();

  /** A monotonic clock begins anywhere, and may run over the end of its numbers. */
  private static final long START = Long.MAX_VALUE - TIMEOUT / 2;

  private final LeaseWatch watch = new LeaseWatch("node-b", Duration.ofSeconds(3));

  private static LeaseEntry held(long version) {
    return new LeaseEntry("node-a", "holder-a", version);
  }

  private static LeaseEntry released(String holder, long version) {
    return new LeaseEntry("", holder, version);
  }

  private boolean mayTake(long after) {
    return watch.takeable(START + after).isPresent();
  }

  @Test
  void takesNothingThatItHasNotSeen() {
    assertThat(mayTake(10 * TIMEOUT)).isFalse();
  }

  @Test
  void takesAtOnceALeaseThatWasNeverThere() {
    watch.saw(LeaseEntry.MISSING, START);
    assertThat(watch.takeable(START)).contains(LeaseEntry.MISSING);
  }

  @Test
  void takesAtOnceALeaseThatIsReleasedWhenItIsFirstSeen() {
    watch.saw(released("holder-a", 9), START);
    assertThat(watch.takeable(START)).contains(released("holder-a", 9));
  }

  @Test
  void takesAtOnceALeaseThatItsHolderHasReleased() {
    watch.saw(held(7), START);
    watch.saw(released("holder-a", 8), START + 1);
    assertThat(mayTake(1)).isTrue();
  }

  @Test
  void takesAtOnceALeaseOfItsOwnOwner() {
    watch.saw(new LeaseEntry("node-b", "an earlier process", 100), START);
    assertThat(mayTake(0)).isTrue();
  }

  @Test
  void waitsUntilTheHolderHasBeenSilentForLongEnough() {
    watch.saw(held(7), START);
    watch.saw(held(7), START + TIMEOUT - 2);
    assertThat(mayTake(TIMEOUT - 1)).isFalse();
    assertThat(watch.remaining(START + TIMEOUT - 1)).isEqualTo(1);
    assertThat(mayTake(TIMEOUT)).isTrue();
    assertThat(watch.remaining(START + TIMEOUT)).isZero();
  }

  @Test
  void countsAnewFromEachRenewal() {
    watch.saw(held(7), START);
    watch.saw(held(8), START + TIMEOUT - 1);
    assertThat(mayTake(TIMEOUT)).isFalse();
    assertThat(mayTake(2 * TIMEOUT - 1)).isTrue();
  }

  @Test
  void doesNotTrustARedisThatHasBeenEmptied() {
    watch.saw(held(7), START);
    watch.saw(LeaseEntry.MISSING, START + 1);
    assertThat(mayTake(TIMEOUT)).isFalse();
    assertThat(mayTake(TIMEOUT + 1)).isTrue();
  }

  @Test
  void doesNotTrustARedisThatHasGoneBackToAnOlderState() {
    watch.saw(held(7), START);
    watch.saw(released("holder-c", 40), START + 1);
    assertThat(mayTake(1)).isFalse();
    watch.saw(held(7), START + 2);
    watch.saw(released("holder-a", 5), START + 3);
    assertThat(mayTake(TIMEOUT)).isFalse();
    assertThat(mayTake(TIMEOUT + 3)).isTrue();
  }
}

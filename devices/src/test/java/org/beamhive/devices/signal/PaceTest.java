package org.beamhive.devices.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
  private final List<Long> told = new ArrayList<>();
  private long now;
  private Runnable turn;
  private long turnAt;

  private Pace pace(double perSecond) {
    return new Pace(
        perSecond,
        () -> told.add(now),
        () -> now,
        nanos ->
            task -> {
              turnAt = now + nanos;
              turn = task;
            });
  }

  /** Goes on to a time in milliseconds, through the turns on the way. */
  private void until(long millis) {
    long end = TimeUnit.MILLISECONDS.toNanos(millis);
    while (turn != null && turnAt <= end) {
      now = turnAt;
      Runnable due = turn;
      turn = null;
      due.run();
    }
    now = end;
  }

  @Test
  void withoutALimitEachChangeIsTold() {
    Pace pace = pace(0);
    for (int i = 0; i < 1000; i++) {
      pace.changed();
    }
    assertThat(told).hasSize(1000);
  }

  @Test
  void aShortBurstIsToldWithoutDelay() {
    Pace pace = pace(100);
    for (int i = 0; i < 10; i++) {
      pace.changed();
    }
    assertThat(told).hasSize(10).containsOnly(0L);
  }

  @Test
  void whatIsFasterIsToldAtTheRateAndTheLastAlways() {
    Pace pace = pace(100);
    // ten thousand a second, for a second
    for (int i = 0; i < 10_000; i++) {
      until(i / 10);
      pace.changed();
    }
    until(2000);
    assertThat(told.size()).isBetween(105, 112);
    assertThat(told.get(told.size() - 1))
        .isBetween(TimeUnit.MILLISECONDS.toNanos(999), TimeUnit.MILLISECONDS.toNanos(1010));
  }

  @Test
  void oneChangeOfManyAtOnceWaitsAndIsToldOnce() {
    Pace pace = pace(1);
    pace.changed();
    pace.changed();
    pace.changed();
    assertThat(told).hasSize(1);
    until(5000);
    assertThat(told).hasSize(2);
    pace.changed();
    assertThat(told).hasSize(3);
  }
}

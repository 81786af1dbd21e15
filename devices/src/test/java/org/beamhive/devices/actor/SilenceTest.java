package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.junit.jupiter.api.Test;

class SilenceTest {
  private final SettableSimClock clock = new SettableSimClock(1000);
  private final Silence silence = new Silence(new SimDeadlines(clock), Duration.ofSeconds(5));

  @Test
  void isTooLongOnlyAfterItsTime() {
    silence.heard();
    clock.advance(Duration.ofSeconds(5));
    assertThat(silence.tooLong()).isFalse();

    clock.advance(Duration.ofMillis(1));
    assertThat(silence.tooLong()).isTrue();
    assertThat(silence.length()).isEqualTo(Duration.ofMillis(5001));

    silence.heard();
    assertThat(silence.tooLong()).isFalse();
  }

  @Test
  void isAStandstillOnlyIfItIsNoticedMuchTooLate() {
    silence.heard();
    clock.advance(Duration.ofSeconds(7));
    assertThat(silence.isStandstill()).isFalse();

    clock.advance(Duration.ofMillis(1));
    assertThat(silence.isStandstill()).isTrue();
  }

  @Test
  void isShownInSeconds() {
    assertThat(Silence.shown(Duration.ofSeconds(15))).isEqualTo("15 s");
    assertThat(Silence.shown(Duration.ofMillis(1449))).isEqualTo("1.4 s");
    assertThat(Silence.shown(Duration.ofMillis(100))).isEqualTo("0.1 s");
  }
}

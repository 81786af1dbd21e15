package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MoveProgressTest {
  @Test
  void isTheShareOfTheWay() {
    assertThat(MoveProgress.done(2, 6, 3)).isEqualTo(0.25);
    assertThat(MoveProgress.done(6, 2, 3)).isEqualTo(0.75);
    assertThat(MoveProgress.done(2, 2, 2)).isEqualTo(1);
  }

  @Test
  void aMotorThatOvershootsOrGoesBackFirstStaysWithinTheBar() {
    assertThat(MoveProgress.done(2, 6, 7)).isEqualTo(1);
    assertThat(MoveProgress.done(2, 6, 1)).isZero();
  }
}

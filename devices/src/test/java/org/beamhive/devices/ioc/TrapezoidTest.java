package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TrapezoidTest {
  private static final Trapezoid.Drive DRIVE = new Trapezoid.Drive(10, 0, 2);

  @Test
  void takesTheTimeOfATrapezoid() {
    Trapezoid way = Trapezoid.to(100, 0, 0, DRIVE);
    assertThat(way.seconds()).isCloseTo(12, within(1e-9));
    assertThat(way.at(2)).isCloseTo(10, within(1e-9));
    assertThat(way.velocity(6)).isCloseTo(10, within(1e-9));
    assertThat(way.at(6)).isCloseTo(50, within(1e-9));
    assertThat(way.at(12)).isEqualTo(100);
    assertThat(way.velocity(12)).isZero();
  }

  @Test
  void aShortWayNeverReachesFullVelocity() {
    Trapezoid way = Trapezoid.to(-5, 0, 0, DRIVE);
    assertThat(way.seconds()).isCloseTo(2, within(1e-9));
    assertThat(way.velocity(1)).isCloseTo(-5, within(1e-9));
  }

  @Test
  void withoutAccelerationItIsAtFullVelocityAtOnce() {
    Trapezoid way = Trapezoid.to(20, 0, 0, new Trapezoid.Drive(10, 0, 0));
    assertThat(way.seconds()).isEqualTo(2);
    assertThat(way.at(0.5)).isEqualTo(5);
  }

  @Test
  void brakesAndComesBackIfTheTargetIsTooNear() {
    Trapezoid way = Trapezoid.to(1, 0, 10, DRIVE);
    double furthest = 0;
    for (double t = 0; t < way.seconds(); t += 0.01) {
      furthest = Math.max(furthest, way.at(t));
    }
    assertThat(furthest).isCloseTo(10, within(0.01));
    assertThat(way.at(way.seconds())).isEqualTo(1);
  }

  @Test
  void stopsWithinItsBrakingWay() {
    Trapezoid way = Trapezoid.stop(3, 10, DRIVE);
    assertThat(way.end()).isCloseTo(13, within(1e-9));
    assertThat(way.seconds()).isCloseTo(2, within(1e-9));
  }

  @Test
  void isSteadyAndWithinItsVelocityWhereverItComesFrom() {
    Random random = new Random(3);
    for (int round = 0; round < 500; round++) {
      double velocity = 0.1 + 10 * random.nextDouble();
      Trapezoid.Drive drive =
          new Trapezoid.Drive(velocity, velocity * random.nextDouble() / 2, random.nextDouble());
      double moving = round % 3 == 0 ? 0 : velocity * (2 * random.nextDouble() - 1);
      double from = 20 * random.nextGaussian();
      double to = 20 * random.nextGaussian();
      Trapezoid way = Trapezoid.to(to, from, moving, drive);
      double last = way.at(0);
      assertThat(last).isCloseTo(from, within(1e-9));
      double step = way.seconds() / 300;
      for (int at = 1; at <= 300; at++) {
        double now = way.at(at * step);
        assertThat(Math.abs(now - last)).isLessThanOrEqualTo(velocity * step * 1.001 + 1e-9);
        last = now;
      }
      assertThat(way.at(way.seconds() - 1e-9)).isCloseTo(to, within(1e-6));
      assertThat(way.at(way.seconds())).isEqualTo(to);
    }
  }
}

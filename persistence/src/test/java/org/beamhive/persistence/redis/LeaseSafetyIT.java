package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Never two holders at the same moment. */
class LeaseSafetyIT {

  private static final int RUNS = 10;
  private static final Duration TIME = Duration.ofMinutes(3);

  /** With these a failure can be run again. */
  private static final long FIRST_SEED = 20_261_121;

  @Test
  void noTwoNodesHoldALeaseAtTheSameMomentWhateverGoesWrong() {
    int acquired = 0;
    int lost = 0;
    int takenFromTheDead = 0;
    ClientResources resources = RedisLinks.resources();
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      RedisSettings settings = OpenStore.settings(redis.config());
      try (RedisLink link = new RedisLink(settings.server(), resources)) {
        for (int run = 0; run < RUNS; run++) {
          String name = "run-" + run;
          LeaseSimulation simulation =
              new LeaseSimulation(
                  3,
                  () -> new RedisLeaseStore(link, new Keys(settings.keyPrefix()), name),
                  FIRST_SEED + run);
          simulation.run(TIME);
          simulation.heals();
          acquired += simulation.acquired;
          lost += simulation.lost;
          takenFromTheDead += simulation.takenFromTheDead;
        }
      }
    } finally {
      resources.shutdown();
    }
    // It was worth the while.
    assertThat(acquired).isGreaterThan(20 * RUNS);
    assertThat(lost).isGreaterThan(2 * RUNS);
    assertThat(takenFromTheDead).isGreaterThan(RUNS / 2);
  }
}

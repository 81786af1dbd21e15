package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Epoch;
import org.junit.jupiter.api.Test;

class FenceTest {
  private static final DeviceName SAMX = new DeviceName("samx");

  private final DeviceEpochs epochs = new DeviceEpochs();
  private final Fence fence = new Fence(SAMX, epochs);

  @Test
  void letsAnyWorkerInBeforeItHasSeenOne() {
    assertThat(fence.refusalOfStale(new Epoch(-5))).isNull();
    assertThat(fence.refusalOfStale(null)).as("nobody's request").isNull();
  }

  @Test
  void refusesAWorkerThatHasASuccessor() {
    fence.raiseTo(new Epoch(7));

    assertThat(fence.refusalOfStale(new Epoch(6)).code()).isEqualTo("stale-epoch");
    assertThat(fence.refusalOfStale(new Epoch(6)).text())
        .isEqualTo("samx refuses a worker of epoch 6: it has been attached to one of epoch 7.");
    assertThat(fence.refusalOfStale(new Epoch(7))).isNull();
    assertThat(fence.refusalOfStale(new Epoch(8))).isNull();
    assertThat(fence.isNewer(new Epoch(7))).isFalse();
    assertThat(fence.isOlder(new Epoch(7))).isFalse();
  }

  @Test
  void refusesAnOldWorkerAfterANewStartToo() {
    fence.raiseTo(new Epoch(7));

    assertThat(new Fence(SAMX, epochs).refusalOfStale(new Epoch(6))).isNotNull();
    assertThat(new Fence(new DeviceName("samy"), epochs).refusalOfStale(new Epoch(6))).isNull();
  }

  @Test
  void refusesAWorkerThatWasSilentUntilOneHasTakenItAgain() {
    fence.raiseTo(new Epoch(7));
    fence.silence(new Epoch(7));

    assertThat(fence.refusalOfSilent(new Epoch(7)).code()).isEqualTo("owner-silent");
    assertThat(fence.refusalOfSilent(new Epoch(8))).isNull();

    fence.forgetSilence();
    assertThat(fence.refusalOfSilent(new Epoch(7))).isNull();
  }
}

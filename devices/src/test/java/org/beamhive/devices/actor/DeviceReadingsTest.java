package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.config.OnFailure;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceCollected;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class DeviceReadingsTest {
  private static final DeviceName DET = new DeviceName("det");

  private final Moody device = new Moody();

  /** A detector that can be read well, but not always. */
  private static final class Moody extends BareDevice {
    private int asked;
    private int fails;

    Moody() {
      super("det", Ability.READABLE);
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      asked++;
      return fails-- > 0
          ? CompletableFuture.failedStage(new DeviceFailure("timeout", "no answer"))
          : CompletableFuture.completedStage(counts(asked));
    }
  }

  private static List<Reading> counts(int counts) {
    return List.of(new Reading("det", Value.of((double) counts), 0, AlarmSeverity.NO_ALARM));
  }

  private static List<Reading> now(CompletionStage<List<Reading>> readings) {
    CompletableFuture<List<Reading>> future = readings.toCompletableFuture();
    return future.isCompletedExceptionally() ? null : future.getNow(null);
  }

  @Test
  void asksOnceMoreIfItIsToRetry() {
    DeviceReadings readings = new DeviceReadings(device, OnFailure.RETRY);
    device.fails = 1;
    assertThat(now(readings.read())).isEqualTo(counts(2));

    device.fails = 2;
    assertThat(now(readings.read())).as("only once").isNull();
  }

  @Test
  void givesWhatCameLastIfItIsToBuffer() {
    DeviceReadings readings = new DeviceReadings(device, OnFailure.BUFFER);
    device.fails = 1;
    assertThat(now(readings.read())).as("nothing has come yet").isNull();
    assertThat(readings.lastForAScan()).isNull();

    readings.keep(counts(5));
    device.fails = 1;
    assertThat(now(readings.read())).isEqualTo(counts(5));
    assertThat(readings.lastForAScan()).isEqualTo(counts(5));
  }

  @Test
  void failsAtOnceIfItIsToRaise() {
    DeviceReadings readings = new DeviceReadings(device, OnFailure.RAISE);
    readings.keep(counts(5));
    device.fails = 1;

    assertThat(now(readings.read())).isNull();
    assertThat(device.asked).isEqualTo(1);
    assertThat(readings.lastForAScan()).isNull();
  }

  @Test
  void givesWhatWasCollectedInPagesOfAThousandReadings() {
    List<Reading> two = new ArrayList<>(counts(1));
    two.addAll(counts(2));
    List<List<Reading>> events = Collections.nCopies(1001, two);

    List<DeviceCollected> pages = DeviceReadings.pages(DET, 3, events);

    assertThat(pages)
        .isEqualTo(
            List.of(
                new DeviceCollected(DET, 3, 0, events.subList(0, 500), false),
                new DeviceCollected(DET, 3, 500, events.subList(500, 1000), false),
                new DeviceCollected(DET, 3, 1000, events.subList(1000, 1001), true)));
  }

  @Test
  void givesOneEmptyPageIfNothingWasCollected() {
    assertThat(DeviceReadings.pages(DET, 3, List.of()))
        .isEqualTo(List.of(new DeviceCollected(DET, 3, 0, List.of(), true)));
  }
}

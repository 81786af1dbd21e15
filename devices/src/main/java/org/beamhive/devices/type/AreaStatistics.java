package org.beamhive.devices.type;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalValue;

/**
 * Tells when statistics plugins have worked off the frames of a point, by their ArrayCounter. For
 * cameras that don't wait for their plugins: else their values could be those of the frame before.
 */
final class AreaStatistics {
  private final String device;
  private final Duration patience;
  private final List<Counted> plugins = new ArrayList<>();

  private static final class Counted {
    private final String pv;
    private final Signal counter;
    private volatile double before;

    Counted(String pv, Signal counter) {
      this.pv = pv;
      this.counter = counter;
    }

    long seen(SignalValue now) {
      return (long) (now.asDouble() - before);
    }
  }

  AreaStatistics(String device, Duration patience) {
    this.device = device;
    this.patience = patience;
  }

  /**
   * Adds a plugin.
   *
   * @param counter its ArrayCounter_RBV, monitored
   */
  void add(String pv, Signal counter) {
    plugins.add(new Counted(pv, counter));
  }

  /** To be called before the first frame of a point. */
  CompletionStage<Void> begin() {
    CompletionStage<Void> all = Device.DONE;
    for (Counted plugin : plugins) {
      all =
          all.thenCompose(done -> plugin.counter.get(patience))
              .thenAccept(now -> plugin.before = now.asDouble());
    }
    return all;
  }

  /** Ends when each has worked off so many frames since {@link #begin}. */
  CompletionStage<Void> await(int frames, Duration timeout) {
    CompletionStage<Void> all = Device.DONE;
    for (Counted plugin : plugins) {
      all = all.thenCompose(done -> await(plugin, frames, timeout));
    }
    return all;
  }

  private CompletionStage<Void> await(Counted plugin, int frames, Duration timeout) {
    return plugin
        .counter
        .await(now -> plugin.seen(now) >= frames, timeout)
        .handle((now, late) -> now)
        .thenCompose(now -> plugin.counter.get(patience))
        .thenAccept(
            now -> {
              if (plugin.seen(now) < frames) {
                throw new DeviceFailure(
                    "late-statistics",
                    "%s: %s has worked off %d of %d frames after %.1f s, so its values may be of a frame before. Does it get every frame, and drop none?"
                        .formatted(
                            device,
                            plugin.pv,
                            plugin.seen(now),
                            frames,
                            timeout.toMillis() / 1000.0));
              }
            });
  }
}

package org.beamhive.launcher.faults;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.Value;

/**
 * Watches the motors of the simulated IOC from outside, over a Channel Access connection of its
 * own, as an operator's panel does.
 */
public final class MotionWatch implements AutoCloseable {
  private static final Duration PUT = Duration.ofSeconds(5);
  private static final String PREFIX = "BH:";

  private final CaLink channelAccess;
  private final Map<String, Long> movingSince = new ConcurrentHashMap<>();
  private volatile boolean sawMotion;

  /**
   * Begins to watch.
   *
   * @param iocPort the IOC's port
   * @param motors names of motor records, without the prefix
   */
  public MotionWatch(int iocPort, Set<String> motors) {
    channelAccess = new CaLink(CaSettings.loopback(iocPort));
    motors.forEach(this::watch);
  }

  private void watch(String motor) {
    Signal signal = new Signal(channelAccess, PREFIX + motor + ".DMOV", SignalOptions.MONITORED);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal ready) {
            movingSince.remove(motor);
          }

          @Override
          public void disconnected(Signal gone) {
            movingSince.remove(motor);
          }

          @Override
          public void changed(Signal changed) {
            if (changed.latest().asDouble() == 0) {
              sawMotion = true;
              movingSince.putIfAbsent(motor, System.nanoTime());
            } else {
              movingSince.remove(motor);
            }
          }
        });
  }

  /** Makes a motor so slow that its moves last (units per second). */
  public void velocity(String motor, double velocity) {
    Signal signal = new Signal(channelAccess, PREFIX + motor + ".VELO", SignalOptions.POLLED);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal ready) {
            signal.put(Value.of(velocity), PUT).thenRun(signal::close);
          }

          @Override
          public void disconnected(Signal gone) {}

          @Override
          public void changed(Signal changed) {}
        });
  }

  /** The motors that move now, in a move that began before a moment of {@link System#nanoTime}. */
  public Set<String> movingSinceBefore(long moment) {
    Set<String> found = new TreeSet<>();
    movingSince.forEach(
        (motor, since) -> {
          if (since - moment < 0) {
            found.add(motor);
          }
        });
    return found;
  }

  /** Whether any motor was ever seen to move: a watch that sees nothing proves nothing. */
  public boolean sawMotion() {
    return sawMotion;
  }

  @Override
  public void close() {
    channelAccess.close();
  }
}

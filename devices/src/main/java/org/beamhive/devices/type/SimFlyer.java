package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * A simulated flyer: once kicked off it goes by itself from start to stop, measures on the way and
 * keeps the events until they are collected. Bluesky's {@code MockFlyer} and BEC's {@code
 * SimFlyer}.
 */
final class SimFlyer extends SimDevice {
  /** What one flight may keep in memory. */
  private static final int MOST_POINTS = 100_000;

  static final List<ConfigKey> KEYS =
      List.of(
          optional("motor", Kind.TEXT, "the simulated motor that it takes along"),
          optional("start", Kind.NUMBER, "where it begins; 0 if not given"),
          optional("stop", Kind.NUMBER, "where it ends; 1 if not given"),
          optional("num", Kind.LENGTH, "how many events; 11 if not given"),
          optional("duration", Kind.POSITIVE, "seconds of the whole flight; 1 if not given"),
          optional("center", Kind.NUMBER, "of the peak that it sees"),
          optional("sigma", Kind.ABOVE_ZERO, "width of the peak"),
          optional("imax", Kind.NUMBER, "height of the peak"),
          optional("seed", Kind.WHOLE, "of the noise"),
          optional("delay", Kind.POSITIVE, "taken and not used"),
          optional("update_frequency", Kind.POSITIVE, "taken and not used"));

  private final SimPv counts;
  private final SimPv position;
  private final SimPv motor;
  private final Random random;
  private final List<List<Reading>> events = new ArrayList<>();
  private int collected;
  private Flight flight;

  private record Flight(
      double start,
      double stop,
      int num,
      double duration,
      double began,
      CompletableFuture<Void> end) {
    double position(int point) {
      return num == 1 ? start : start + (stop - start) * point / (num - 1);
    }

    double due(int point) {
      return began + duration * point / Math.max(1, num - 1);
    }
  }

  SimFlyer(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimFlyer",
        KEYS,
        Set.of(Ability.READABLE, Ability.FLYABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    motor = options.has("motor") ? backends.sim().pv(options.text("motor", "")) : null;
    random = new Random(seed());
    setting("start", "start", Value.of(0.0));
    setting("stop", "stop", Value.of(1.0));
    setting("num", "num", Value.of(11L));
    setting("duration", "duration", Value.of(1.0));
    setting("center", "center", Value.of(0.5));
    setting("sigma", "sigma", Value.of(0.1));
    setting("Imax", "imax", Value.of(1000.0));
    position = number(name + "_position", Part.Kind.NORMAL, "", 3);
    counts = number(name, Part.Kind.HINTED, "", 0);
  }

  @Override
  public CompletionStage<Void> kickoff(Value.Fields changes) {
    synchronized (this) {
      if (flight != null && !flight.end().isDone()) {
        return CompletableFuture.failedStage(
            new DeviceFailure("busy", name() + " is flying already: complete it first."));
      }
    }
    return configure(changes).thenCompose(done -> begin());
  }

  private CompletionStage<Void> begin() {
    Flight begun =
        new Flight(
            setting("start"),
            setting("stop"),
            (int) Math.min(setting("num"), MOST_POINTS),
            setting("duration"),
            clock().seconds(),
            new CompletableFuture<>());
    synchronized (this) {
      flight = begun;
      events.clear();
      collected = 0;
    }
    after(0, () -> measure(begun, 0));
    return DONE;
  }

  private void measure(Flight current, int point) {
    synchronized (this) {
      if (flight != current || current.end().isDone()) {
        return;
      }
      double at = current.position(point);
      position.post(Value.of(at));
      if (motor != null) {
        motor.post(Value.of(at));
      }
      double width = Math.max(setting("sigma"), Double.MIN_NORMAL);
      double peak = setting("Imax") * PeakShape.GAUSSIAN.at((at - setting("center")) / width);
      counts.post(Value.of(Noise.poisson(random, peak)));
      events.add(List.of(reading(position), reading(counts)));
      if (point + 1 < current.num()) {
        after(current.due(point + 1) - clock().seconds(), () -> measure(current, point + 1));
        return;
      }
    }
    current.end().complete(null);
  }

  private static Reading reading(SimPv pv) {
    return new Reading(
        pv.name(), pv.value().value(), pv.value().timestamp(), AlarmSeverity.NO_ALARM);
  }

  @Override
  public synchronized CompletionStage<Void> complete() {
    return flight == null
        ? CompletableFuture.failedStage(
            new DeviceFailure("not-flying", name() + " has not been kicked off."))
        : flight.end();
  }

  @Override
  public synchronized CompletionStage<List<List<Reading>>> collect() {
    List<List<Reading>> fresh = List.copyOf(events.subList(collected, events.size()));
    collected = events.size();
    return CompletableFuture.completedStage(fresh);
  }

  /** What it has measured until now can still be collected. */
  @Override
  public CompletionStage<Void> stop() {
    Flight stopped;
    synchronized (this) {
      stopped = flight;
    }
    if (stopped != null) {
      stopped
          .end()
          .completeExceptionally(new DeviceFailure("stopped", name() + " has been stopped."));
    }
    return DONE;
  }

  @Override
  public void close() {
    stop();
    super.close();
  }
}

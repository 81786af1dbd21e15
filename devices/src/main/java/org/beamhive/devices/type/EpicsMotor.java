package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * An EPICS motor record.
 *
 * <p>A move is a put to VAL with completion. That the put has succeeded does not mean that the
 * motor is there, and monitors may come later than the completion; so everything that matters is
 * asked for then, and only what the record says decides.
 */
final class EpicsMotor extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("prefix", Kind.TEXT, "the motor record's name"),
          optional("tolerance", Kind.POSITIVE, "how near it must come; else the record's RDBD"),
          optional("move_timeout", Kind.POSITIVE, "seconds that a move may take; else computed"),
          optional("limits", Kind.LIMITS, "a range within the record's own limits"),
          optional("auto_monitor", Kind.FLAG, "taken and not used: a motor is always monitored"),
          optional("labels", Kind.ANY, "taken and not used"));

  private final Signal val;
  private final Signal rbv;
  private final Signal dmov;
  private final Signal hlm;
  private final Signal llm;
  private final Signal velo;
  private final Signal accl;
  private final Signal rdbd;
  private final Signal lvio;
  private final Signal hls;
  private final Signal lls;
  private final Signal stop;
  private final Limits ownLimits;
  private final AtomicReference<Move> current = new AtomicReference<>();

  private static final class Move {
    private final double from;
    private final double to;
    private final long deadline;
    private volatile boolean stopped;

    Move(double from, double to, Duration timeout) {
      this.from = from;
      this.to = to;
      this.deadline = System.nanoTime() + timeout.toNanos();
    }

    Duration left() {
      return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
    }
  }

  EpicsMotor(DeviceOptions options, DeviceBackends backends) {
    super(
        "EpicsMotor",
        Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    rbv = field(name, Part.Kind.HINTED, ".RBV");
    val = field(name + "_user_setpoint", Part.Kind.NORMAL, ".VAL");
    field(name + "_user_offset", Part.Kind.CONFIG, ".OFF");
    velo = field(name + "_velocity", Part.Kind.CONFIG, ".VELO");
    accl = field(name + "_acceleration", Part.Kind.CONFIG, ".ACCL");
    field(name + "_motor_egu", Part.Kind.CONFIG, ".EGU");
    dmov = field(name + "_motor_done_move", Part.Kind.OMITTED, ".DMOV");
    hlm = field(name + "_high_limit_travel", Part.Kind.OMITTED, ".HLM");
    llm = field(name + "_low_limit_travel", Part.Kind.OMITTED, ".LLM");
    rdbd = field(name + "_deadband", Part.Kind.OMITTED, ".RDBD");
    lvio = field(name + "_limit_violation", Part.Kind.OMITTED, ".LVIO");
    hls = field(name + "_high_limit_switch", Part.Kind.OMITTED, ".HLS");
    lls = field(name + "_low_limit_switch", Part.Kind.OMITTED, ".LLS");
    stop =
        part(
            name + "_motor_stop",
            Part.Kind.OMITTED,
            options.text("prefix", "") + ".STOP",
            SignalOptions.URGENT);
    ownLimits = options.limits("limits");
  }

  private Signal field(String key, Part.Kind kind, String field) {
    return part(key, kind, options.text("prefix", "") + field, SignalOptions.MONITORED);
  }

  @Override
  protected void changed(Signal signal) {
    if (signal == hlm || signal == llm) {
      factsMayHaveChanged();
    }
  }

  /** The record's limits, narrowed by those of the device file. */
  @Override
  protected Limits limits() {
    SignalValue low = llm.latest();
    SignalValue high = hlm.latest();
    Limits record =
        low == null || high == null ? Limits.NONE : new Limits(low.asDouble(), high.asDouble());
    if (!ownLimits.set() || !record.set()) {
      return ownLimits.set() ? ownLimits : record;
    }
    return new Limits(
        Math.max(record.low(), ownLimits.low()), Math.min(record.high(), ownLimits.high()));
  }

  @Override
  public CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = checkSetpoint(wanted);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    return rbv.read(patience()).thenCompose(at -> move(at.asDouble(), wanted.asDouble()));
  }

  private CompletionStage<Void> move(double from, double to) {
    Move move = new Move(from, to, timeout(Math.abs(to - from)));
    if (!current.compareAndSet(null, move)) {
      return CompletableFuture.failedStage(
          new DeviceFailure("busy", name() + " is already moving."));
    }
    return val.put(Value.of(to), move.left())
        .thenCompose(done -> ask())
        .thenCompose(done -> atRest(move))
        .thenAccept(done -> judge(move))
        .handle((done, error) -> error)
        .thenCompose(error -> end(move, error));
  }

  /** The time that the record's own figures give, and a margin. */
  private Duration timeout(double distance) {
    if (options.has("move_timeout")) {
      return Duration.ofMillis((long) (options.number("move_timeout", 0) * 1000));
    }
    double velocity = number(velo);
    double acceleration = number(accl);
    double seconds =
        (velocity > 0 ? distance / velocity : 0) + (acceleration > 0 ? 2 * acceleration : 0);
    return backends.timeouts().moveMargin().plusMillis((long) (seconds * 1000));
  }

  private CompletionStage<Void> ask() {
    return refresh(List.of(rbv, val, dmov, lvio, hls, lls));
  }

  /** A put that only changed the target of a move under way may complete before that has ended. */
  private CompletionStage<Void> atRest(Move move) {
    return number(dmov) == 1
        ? DONE
        : dmov.await(value -> value.asDouble() == 1, move.left()).thenCompose(done -> ask());
  }

  private void judge(Move move) {
    if (move.stopped) {
      throw stopped();
    }
    if (number(lvio) != 0) {
      throw new DeviceFailure(
          "limit-violation",
          "%s did not move to %s: the motor record reports a limit violation."
              .formatted(name(), shown(move.to)));
    }
    boolean up = move.to >= move.from;
    if (number(up ? hls : lls) == 1) {
      throw new DeviceFailure(
          "limit-switch",
          "%s ran into its %s limit switch at %s on its way to %s."
              .formatted(name(), up ? "high" : "low", shown(number(rbv)), shown(move.to)));
    }
    AlarmSeverity severity = rbv.latest() == null ? null : rbv.latest().severity();
    if (severity == AlarmSeverity.MAJOR || severity == AlarmSeverity.INVALID) {
      throw new DeviceFailure(
          "motor-alarm",
          "%s is at %s with a %s alarm (%s): look at the motor record."
              .formatted(name(), shown(number(rbv)), severity, rbv.latest().status()));
    }
    double away = Math.abs(number(rbv) - move.to);
    if (!(away <= tolerance())) {
      throw new DeviceFailure(
          "not-reached",
          "%s is at %s and not at %s: more than %s away. Has somebody else moved or stopped it?"
              .formatted(name(), shown(number(rbv)), shown(move.to), tolerance()));
    }
  }

  private CompletionStage<Void> end(Move move, Throwable error) {
    current.compareAndSet(move, null);
    if (error == null) {
      return DONE;
    }
    Refusal refusal = DeviceFailure.refusalOf(name().value(), error);
    if (refusal.code().equals("timeout")) {
      // whoever owns the motor stops it, if it is still his
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "move-timeout",
              "%s did not get to %s in time and is stopped at about %s."
                  .formatted(name(), shown(move.to), shown(number(rbv)))));
    }
    if (refusal.code().equals("disconnected")) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "disconnected",
              "%s has lost its connection while moving to %s: where it is now is not known."
                  .formatted(name(), shown(move.to))));
    }
    return CompletableFuture.failedStage(move.stopped ? stopped() : new DeviceFailure(refusal));
  }

  private DeviceFailure stopped() {
    return new DeviceFailure(
        "stopped", "%s has been stopped at %s.".formatted(name(), shown(number(rbv))));
  }

  @Override
  public CompletionStage<Void> stop() {
    Move move = current.get();
    if (move != null) {
      move.stopped = true;
    }
    // the completion comes when the motor is at rest, which may take longer than a request
    return stop.put(Value.of(1), patience())
        .exceptionallyCompose(
            error ->
                DeviceFailure.refusalOf(name().value(), error).code().equals("timeout")
                    ? DONE
                    : CompletableFuture.failedStage(error));
  }

  @Override
  public CompletionStage<Location> locate() {
    return val.read(patience())
        .thenCombine(rbv.read(patience()), (to, at) -> new Location(to.value(), at.value()));
  }

  private double tolerance() {
    double deadband = options.number("tolerance", number(rdbd));
    return deadband > 0 ? deadband : Math.pow(10, -facts().precision());
  }

  private static double number(Signal signal) {
    SignalValue value = signal.latest();
    return value == null ? Double.NaN : value.asDouble();
  }

  private String shown(double position) {
    String units = facts().units();
    return units.isEmpty() ? Double.toString(position) : position + " " + units;
  }
}

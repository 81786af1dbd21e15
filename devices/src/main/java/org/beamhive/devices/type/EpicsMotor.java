package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.beamhive.devices.signal.Deadlines;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An EPICS motor record.
 *
 * <p>A move is a put to VAL with completion. That the put has succeeded does not mean that the
 * motor is there, and monitors may come later than the completion; so everything that matters is
 * asked for then: it is there if the put has completed, DMOV is 1 and RBV is within the tolerance.
 *
 * <p>Others may use the same record. A move is refused while the record moves for somebody else; it
 * fails if somebody else gives the record another setpoint meanwhile; and while the motor is staged
 * it can't be read when it isn't where it was put. All three are {@code moved-by-another}.
 */
final class EpicsMotor extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("prefix", Kind.TEXT, "the motor record's name"),
          optional("tolerance", Kind.POSITIVE, "how near it must come; else the record's RDBD"),
          optional("move_timeout", Kind.POSITIVE, "seconds that a move may take; else computed"),
          optional("timeout", Kind.POSITIVE, "the same, as ophyd calls it"),
          optional("home_timeout", Kind.POSITIVE, "seconds that homing may take; else 300"),
          optional("settle_time", Kind.POSITIVE, "seconds to wait after each move"),
          optional("limits", Kind.LIMITS, "a range beside the record's own limits"),
          oneOf(
              "tolerated_alarm",
              List.of("NO_ALARM", "MINOR", "MAJOR", "INVALID"),
              "the gravest alarm severity that a move may end with; else MINOR"),
          optional("auto_monitor", Kind.FLAG, "taken and not used: a motor is always monitored"),
          optional("egu", Kind.TEXT, "taken and not used: the record's EGU counts"),
          optional("labels", Kind.ANY, "taken and not used"));

  private static final Logger LOG = LoggerFactory.getLogger(EpicsMotor.class);
  private static final double HOME_SECONDS = 300;
  private static final int STOP_TRIES = 25;
  private static final Duration STOP_AGAIN = Duration.ofMillis(200);

  private final String prefix;
  private final MotorFields record;
  private final Limits ownLimits;
  private final AtomicReference<MotorMove> current = new AtomicReference<>();
  private final SignalSettings settings;
  private volatile Limits knownLimits;
  private volatile boolean staged;
  // where its owner has put it since it was staged; null if that isn't known
  private volatile Double put;

  EpicsMotor(DeviceOptions options, DeviceBackends backends) {
    super(
        "EpicsMotor",
        Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
        options,
        backends);
    prefix = options.text("prefix", "");
    record =
        new MotorFields(
            options.name().value(),
            new MotorFields.Parts() {
              @Override
              public Signal field(String key, Part.Kind kind, String field) {
                return part(key, kind, prefix + field, SignalOptions.MONITORED);
              }

              @Override
              public Signal optional(String key, Part.Kind kind, String field) {
                return optionalPart(key, kind, prefix + field, SignalOptions.MONITORED);
              }

              @Override
              public Signal command(String key, String field, boolean urgent) {
                return urgent
                    ? part(key, Part.Kind.OMITTED, prefix + field, SignalOptions.URGENT)
                    : optionalPart(key, Part.Kind.OMITTED, prefix + field, SignalOptions.POLLED);
              }
            });
    ownLimits = options.limits("limits");
    settings =
        new SignalSettings(options.name())
            .number("velocity", record.velo, this::velocityProblem)
            .positive("acceleration", record.accl)
            .number("user_offset", record.off, value -> null)
            .any("user_offset_dir", record.dir)
            .number("low_limit_travel", record.llm, value -> null)
            .number("high_limit_travel", record.hlm, value -> null)
            .positive("tweak_value", record.twv);
  }

  private String velocityProblem(double value) {
    double fastest = MotorFields.number(record.vmax);
    double slowest = MotorFields.number(record.vbas);
    if (!(value > 0)) {
      return "must be above 0";
    }
    return fastest > 0 && value > fastest || value < slowest
        ? "must be between %s (VBAS) and %s (VMAX)"
            .formatted(slowest, fastest > 0 ? fastest : "any")
        : null;
  }

  // ---------------------------------------------------------------- what the record tells

  @Override
  protected void changed(Signal signal) {
    if (signal == record.hlm || signal == record.llm) {
      limitsMayHaveChanged();
    } else if (signal == record.val) {
      setpointChanged();
    } else if (signal == record.spmg && record.paused()) {
      pausedByAnother();
    } else if (signal == record.dmov) {
      stopIfStopped();
    }
  }

  private void limitsMayHaveChanged() {
    if (record.llm.latest() == null || record.hlm.latest() == null) {
      return;
    }
    Limits now = record.limits();
    Limits before = knownLimits;
    knownLimits = now;
    if (before != null && !before.equals(now)) {
      LOG.info("{}: the record's limits {} -> {}", name(), shown(before), shown(now));
    }
    factsMayHaveChanged();
  }

  private static String shown(Limits limits) {
    return limits.set() ? limits.low() + " to " + limits.high() : "none";
  }

  /** A stop sets it, too, to where the motor is; so the position decides what has happened. */
  private void setpointChanged() {
    MotorMove move = current.get();
    if (move == null || move.stopped() || !move.hasTarget()) {
      return;
    }
    double setpoint = MotorFields.number(record.val);
    if (near(setpoint, move.to)) {
      move.setpointSeen();
    } else if (move.setpointWasSeen()) {
      record
          .rbv
          .get(patience())
          .thenAccept(
              at -> {
                double now = MotorFields.number(record.val);
                if (!move.stopped() && !near(now, move.to) && !near(at.asDouble(), now)) {
                  move.fail(movedByAnother("is on its way to", now, move));
                }
              });
    }
  }

  private DeviceFailure movedByAnother(String how, double where, MotorMove move) {
    return new DeviceFailure(
        "moved-by-another",
        "%s %s %s: somebody else has set its motor record during the %s."
            .formatted(name(), how, shown(where), move.what));
  }

  /** Its target is taken away from the record: it would go on when the record is set to Go. */
  private void pausedByAnother() {
    MotorMove move = current.get();
    if (move != null && !move.stopped()) {
      move.fail(paused());
      stopNow().exceptionally(EpicsMotor::ignored);
    }
  }

  private static Void ignored(Throwable error) {
    return null;
  }

  DeviceFailure paused() {
    return new DeviceFailure(
        "motor-paused",
        "%s can't move: its motor record %s is set to %s (SPMG); set it to Go."
            .formatted(name(), prefix, record.spmgShown()));
  }

  // ---------------------------------------------------------------- limits and checks

  /** Null if the limits of the device file and those that people have set let it go there. */
  DeviceFailure checkOwnLimits(double target) {
    Refusal set = backends.limits().refusalOf(name(), Value.of(target), () -> facts().units());
    return set == null ? checkWithin(ownLimits, target) : new DeviceFailure(set);
  }

  /** Whether there are limits that its record does not know. */
  boolean hasOwnLimits() {
    return ownLimits.set() || backends.limits().of(name()).set();
  }

  /** The record's limits, narrowed by those of the device file. */
  @Override
  protected Limits limits() {
    return record.limits().narrowedBy(ownLimits);
  }

  @Override
  public DeviceFailure check(Value setpoint) {
    DeviceFailure refusal = checkSetpoint(setpoint);
    double target = setpoint.asDouble();
    if (refusal == null) {
      refusal = checkWithin(ownLimits, target);
    }
    if (refusal == null) {
      refusal = checkWithin(record.limits(), target);
    }
    if (refusal == null && record.paused()) {
      refusal = paused();
    }
    double at = MotorFields.number(record.rbv);
    boolean up = target > at;
    if (refusal == null && !near(target, at) && record.atSwitch(up)) {
      refusal =
          new DeviceFailure(
              "limit-switch",
              "%s is on its %s limit switch at %s: it can't go to %s."
                  .formatted(name(), up ? "high" : "low", shown(at), shown(target)));
    }
    return refusal;
  }

  // ---------------------------------------------------------------- moving

  @Override
  public CompletionStage<Void> set(Value wanted) {
    double to = wanted.asDouble();
    return begin(wanted, new MotorMove(record.val, wanted, to, "move to " + shown(to), clock()));
  }

  /** Checks, and then moves as the only owner of the record on this node. */
  CompletionStage<Void> begin(Value setpoint, MotorMove move) {
    DeviceFailure refusal = setpoint == null ? null : check(setpoint);
    if (refusal == null && setpoint == null && record.paused()) {
      refusal = paused();
    }
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    return owning(
        () ->
            during(
                move,
                () ->
                    atRestBefore()
                        .thenCompose(rest -> record.rbv.read(patience()))
                        .thenCompose(at -> drive(move, at.asDouble()))));
  }

  /** As the only owner of the record on this node. */
  <T> CompletionStage<T> owning(Supplier<CompletionStage<T>> what) {
    return alone(prefix, what);
  }

  /** A motion that stop, pause and others' setpoints end, and that is judged at its end. */
  CompletionStage<Void> during(MotorMove move, Supplier<CompletionStage<Void>> motion) {
    current.set(move);
    tellIfMovedMeanwhile();
    positionUnknown();
    return motion.get().handle((done, error) -> error).thenCompose(error -> end(move, error));
  }

  /** Where its owner has put it doesn't hold any more. */
  void positionUnknown() {
    put = null;
  }

  private void tellIfMovedMeanwhile() {
    Double where = put;
    if (staged && where != null && !near(MotorFields.number(record.val), where)) {
      LOG.warn(
          "{}: was put to {}, and somebody else has moved it to {} since",
          name(),
          shown(where),
          shown(MotorFields.number(record.val)));
    }
  }

  /** It may still come to rest after a stop; a motor that moves for longer has another owner. */
  CompletionStage<Void> atRestBefore() {
    if (MotorFields.number(record.dmov) != 0) {
      return DONE;
    }
    double stopping = record.accelerationSeconds();
    Duration rest = patience().plusMillis((long) (stopping * 1000));
    // asked, too: a monitor may have been lost
    return record
        .dmov
        .get(patience())
        .thenCompose(done -> record.dmov.await(value -> value.asDouble() == 1, rest))
        .exceptionallyCompose(
            error ->
                isTimeout(error)
                    ? record.dmov.get(patience()).thenCompose(now -> atRest(now, error))
                    : CompletableFuture.failedStage(error))
        .handle(
            (done, error) -> {
              if (error == null) {
                return null;
              }
              throw isTimeout(error)
                  ? new DeviceFailure(
                      "moved-by-another",
                      "%s can't be moved: somebody else is moving it to %s. Wait, or stop it."
                          .formatted(name(), shown(MotorFields.number(record.val))))
                  : new DeviceFailure(DeviceFailure.refusalOf(name().value(), error));
            });
  }

  private static CompletionStage<SignalValue> atRest(SignalValue dmov, Throwable otherwise) {
    return dmov.asDouble() == 1
        ? CompletableFuture.completedStage(dmov)
        : CompletableFuture.failedStage(otherwise);
  }

  private boolean isTimeout(Throwable error) {
    return DeviceFailure.refusalOf(name().value(), error).code().equals("timeout");
  }

  private CompletionStage<Void> drive(MotorMove move, double from) {
    if (move.stopped()) {
      return CompletableFuture.failedStage(stopped());
    }
    move.begins(from, timeout(move, from));
    move.command
        .put(move.value, move.left())
        .thenCompose(done -> ask())
        .thenCompose(done -> atRest(move))
        .exceptionallyCompose(error -> lastLook(move, error))
        .thenCompose(done -> judge(move))
        .thenCompose(done -> settle())
        .whenComplete(
            (done, error) -> {
              if (error == null) {
                move.over().complete(null);
              } else {
                move.over().completeExceptionally(error);
              }
            });
    return move.over();
  }

  private Duration timeout(MotorMove move, double from) {
    String key = options.has("move_timeout") ? "move_timeout" : "timeout";
    if (!move.hasTarget()) {
      return millis(options.number("home_timeout", HOME_SECONDS));
    }
    return options.has(key)
        ? millis(options.number(key, 0))
        : backends.timeouts().moveMargin().plus(millis(record.seconds(Math.abs(move.to - from))));
  }

  static Duration millis(double seconds) {
    return Duration.ofMillis((long) (seconds * 1000));
  }

  CompletionStage<Void> ask() {
    List<Signal> asked =
        new ArrayList<>(
            List.of(record.rbv, record.val, record.dmov, record.lvio, record.hls, record.lls));
    if (record.miss.connected()) {
      asked.add(record.miss);
    }
    return refresh(asked.stream().filter(Signal::connected).toList());
  }

  /** A put that only changed the target of a move under way may complete before that has ended. */
  private CompletionStage<Void> atRest(MotorMove move) {
    return MotorFields.number(record.dmov) == 1
        ? DONE
        : record.dmov.await(value -> value.asDouble() == 1, move.left()).thenCompose(done -> ask());
  }

  /** A completion may get lost on its way; then what the record says now decides. */
  private CompletionStage<Void> lastLook(MotorMove move, Throwable error) {
    if (!isTimeout(error)) {
      return CompletableFuture.failedStage(error);
    }
    return ask()
        .thenCompose(
            done -> {
              boolean there =
                  MotorFields.number(record.dmov) == 1
                      && move.hasTarget()
                      && near(MotorFields.number(record.val), move.to)
                      && near(MotorFields.number(record.rbv), move.to);
              if (!there) {
                return CompletableFuture.failedStage(error);
              }
              LOG.warn("{}: is at {}, but the put has not completed", name(), shown(move.to));
              return DONE;
            });
  }

  /** What the record says of its end, after it has been asked. */
  CompletionStage<Void> judge(MotorMove move) {
    DeviceFailure failure = failure(move);
    if (failure != null) {
      return CompletableFuture.failedStage(failure);
    }
    if (!move.hasTarget() || near(MotorFields.number(record.rbv), move.to)) {
      return DONE;
    }
    // the controller may know better than the record's last poll
    return updateStatus()
        .thenCompose(done -> ask())
        .thenCompose(
            done ->
                near(MotorFields.number(record.rbv), move.to)
                    ? DONE
                    : CompletableFuture.failedStage(notReached(move)));
  }

  /** What was wrong with its way, or null. */
  DeviceFailure failure(MotorMove move) {
    double at = MotorFields.number(record.rbv);
    if (move.stopped()) {
      return stopped();
    }
    if (MotorFields.number(record.lvio) == 1) {
      return new DeviceFailure(
          "limit-violation",
          "%s: the motor record reports a limit violation for the %s."
              .formatted(name(), move.what));
    }
    if (move.hasDirection() && record.atSwitch(move.up())) {
      return new DeviceFailure(
          "limit-switch",
          "%s ran into its %s limit switch at %s during the %s."
              .formatted(name(), move.up() ? "high" : "low", shown(at), move.what));
    }
    AlarmSeverity severity = record.rbv.latest() == null ? null : record.rbv.latest().severity();
    AlarmSeverity tolerated = AlarmSeverity.valueOf(options.text("tolerated_alarm", "MINOR"));
    if (severity != null && severity.compareTo(tolerated) > 0) {
      return new DeviceFailure(
          "motor-alarm",
          "%s is at %s with a %s alarm (%s): look at the motor record."
              .formatted(name(), shown(at), severity, record.rbv.latest().status()));
    }
    return null;
  }

  private DeviceFailure notReached(MotorMove move) {
    double at = MotorFields.number(record.rbv);
    if (record.paused()) {
      return paused();
    }
    if (MotorFields.number(record.miss) == 1) {
      return new DeviceFailure(
          "missed",
          "%s has missed %s: it is at %s after all retries of the motor record (MISS)."
              .formatted(name(), shown(move.to), shown(at)));
    }
    return new DeviceFailure(
        "not-reached",
        "%s is at %s and not at %s: more than %s away. Has somebody else moved or stopped it?"
            .formatted(name(), shown(at), shown(move.to), tolerance()));
  }

  private CompletionStage<Void> settle() {
    return options.has("settle_time")
        ? clock().after(millis(options.number("settle_time", 0)))
        : DONE;
  }

  Deadlines clock() {
    return backends.timeouts().deadlines();
  }

  private CompletionStage<Void> end(MotorMove move, Throwable error) {
    move.end();
    current.compareAndSet(move, null);
    if (error == null) {
      put = move.hasTarget() ? move.to : null;
      return DONE;
    }
    Refusal refusal = DeviceFailure.refusalOf(name().value(), error);
    if (refusal.code().equals("timeout")) {
      // whoever owns the motor stops it, if it is still his
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "move-timeout",
              "%s did not end the %s in time and is stopped at about %s."
                  .formatted(name(), move.what, shown(MotorFields.number(record.rbv)))));
    }
    if (refusal.code().equals("disconnected")) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "disconnected",
              "%s has lost its connection during the %s: where it is now is not known."
                  .formatted(name(), move.what)));
    }
    return CompletableFuture.failedStage(move.stopped() ? stopped() : new DeviceFailure(refusal));
  }

  DeviceFailure stopped() {
    return new DeviceFailure(
        "stopped",
        "%s has been stopped at %s.".formatted(name(), shown(MotorFields.number(record.rbv))));
  }

  @Override
  public CompletionStage<Void> stop() {
    MotorMove move = current.get();
    if (move != null) {
      move.stop();
    }
    return stop(move);
  }

  /** Ends when the record has been told; until the motion has ended it is told again. */
  CompletionStage<Void> stop(MotorMove move) {
    CompletionStage<Void> told = stopNow();
    stopAgain(move, STOP_TRIES);
    return told;
  }

  private CompletionStage<Void> stopNow() {
    return halt(record.stop, Value.of(1));
  }

  /** The stop has a circuit of its own: it may have been faster than the put that it is to stop. */
  private void stopAgain(MotorMove move, int tries) {
    if (move == null || move.ended() || tries == 0) {
      return;
    }
    clock()
        .after(STOP_AGAIN)
        .thenRun(
            () -> {
              if (!move.ended()) {
                stopNow().exceptionally(EpicsMotor::ignored);
                stopAgain(move, tries - 1);
              }
            });
  }

  /** At once when it is seen to move: {@link #stopAgain} only looks from time to time. */
  private void stopIfStopped() {
    MotorMove move = current.get();
    if (move != null && move.stopped() && MotorFields.number(record.dmov) == 0) {
      stopNow().exceptionally(EpicsMotor::ignored);
    }
  }

  // ---------------------------------------------------------------- in a scan

  @Override
  public CompletionStage<Void> stage() {
    put = null;
    staged = true;
    return DONE;
  }

  @Override
  public CompletionStage<Void> unstage() {
    staged = false;
    put = null;
    return DONE;
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    Double where = put;
    if (!staged || where == null || !movedAway(where)) {
      return super.read();
    }
    // a monitor of our own move may be late: only what the record says now counts
    return refresh(List.of(record.val, record.dmov, record.rbv))
        .thenCompose(
            done ->
                movedAway(where)
                    ? CompletableFuture.failedStage(
                        new DeviceFailure(
                            "moved-by-another",
                            "%s was put to %s, but somebody else has moved it: it is at %s."
                                .formatted(
                                    name(), shown(where), shown(MotorFields.number(record.rbv)))))
                    : super.read());
  }

  private boolean movedAway(double where) {
    return current.get() == null
        && (MotorFields.number(record.dmov) == 0 || !near(MotorFields.number(record.val), where));
  }

  @Override
  public CompletionStage<Location> locate() {
    return record
        .val
        .read(patience())
        .thenCombine(record.rbv.read(patience()), (to, at) -> new Location(to.value(), at.value()));
  }

  // ---------------------------------------------------------------- settings and methods

  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    return settings.put(wanted, patience());
  }

  @Override
  public Map<String, DeviceMethod> methods() {
    return new MotorMethods(this, record).all();
  }

  CompletionStage<Void> updateStatus() {
    return record.stup.connected()
        ? record.stup.put(Value.of(1), patience()).exceptionally(EpicsMotor::ignored)
        : DONE;
  }

  // ---------------------------------------------------------------- numbers

  boolean near(double position, double wanted) {
    return Math.abs(position - wanted) <= tolerance();
  }

  private double tolerance() {
    double deadband = options.number("tolerance", MotorFields.number(record.rdbd));
    return deadband > 0 ? deadband : Math.pow(10, -facts().precision());
  }

  String shown(double position) {
    String units = facts().units();
    return units.isEmpty() ? Double.toString(position) : position + " " + units;
  }
}

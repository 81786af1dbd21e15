package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a motor can do beside moving to a setpoint: homing, jogging, tweaking, and giving positions
 * other numbers. Nobody watches over what a method has begun, so each ends by itself.
 */
final class MotorMethods {
  private static final Logger LOG = LoggerFactory.getLogger(MotorMethods.class);
  private static final double LONGEST_JOG_SECONDS = 60;

  private final EpicsMotor motor;
  private final MotorFields record;

  MotorMethods(EpicsMotor motor, MotorFields record) {
    this.motor = motor;
    this.record = record;
  }

  /** By name. */
  Map<String, DeviceMethod> all() {
    Map<String, DeviceMethod> methods = new LinkedHashMap<>();
    methods.put(
        "home",
        new DeviceMethod(
            "looks for the home switch; ends when it is there",
            List.of(oneOf("direction", List.of("forward", "reverse"), "forward if not given")),
            arguments -> nothing(home(!"reverse".equals(arguments.text("direction"))))));
    methods.put(
        "jog",
        new DeviceMethod(
            "moves with the jog velocity for a time, or until it is stopped",
            List.of(
                oneOf("direction", List.of("forward", "reverse"), "forward if not given"),
                required("seconds", Kind.POSITIVE, "at most 60")),
            arguments ->
                nothing(
                    jog(
                        !"reverse".equals(arguments.text("direction")),
                        arguments.get("seconds").asDouble()))));
    methods.put(
        "tweak",
        new DeviceMethod(
            "moves by so much from its setpoint",
            List.of(required("by", Kind.NUMBER, "in the motor's units")),
            arguments -> nothing(tweak(arguments.get("by").asDouble()))));
    methods.put(
        "set_current_position",
        new DeviceMethod(
            "gives the position where it is now another number, by its offset",
            List.of(required("position", Kind.NUMBER, "in the motor's units")),
            arguments -> nothing(setCurrentPosition(arguments.get("position")))));
    methods.put(
        "set_limits",
        new DeviceMethod(
            "changes the record's soft limits; 0, 0 for none",
            List.of(
                required("low", Kind.NUMBER, "in the motor's units"),
                required("high", Kind.NUMBER, "in the motor's units")),
            arguments -> nothing(setLimits(arguments.get("low"), arguments.get("high")))));
    methods.put(
        "update_status",
        new DeviceMethod(
            "makes the record ask its controller where the motor is",
            List.of(),
            arguments -> nothing(motor.updateStatus())));
    return methods;
  }

  private static CompletionStage<Value> nothing(CompletionStage<Void> done) {
    return done.thenApply(nothing -> Value.None.NONE);
  }

  private CompletionStage<Void> home(boolean forward) {
    Signal command = forward ? record.homf : record.homr;
    return missing(command)
        .thenCompose(
            there ->
                motor.begin(
                    null,
                    new MotorMove(command, Value.of(1), Double.NaN, "homing", motor.clock())));
  }

  private CompletionStage<Void> tweak(double by) {
    return record
        .val
        .get(motor.patience())
        .thenCompose(
            at -> {
              double to = at.asDouble() + by;
              Signal command = by >= 0 ? record.twf : record.twr;
              MotorMove move =
                  record.twv.connected() && command.connected()
                      ? new MotorMove(
                          command, Value.of(1), to, "tweak to " + motor.shown(to), motor.clock())
                      : new MotorMove(
                          record.val,
                          Value.of(to),
                          to,
                          "tweak to " + motor.shown(to),
                          motor.clock());
              DeviceFailure refusal = motor.check(Value.of(to));
              if (refusal != null) {
                return CompletableFuture.failedStage(refusal);
              }
              return (move.command == record.val
                      ? Device.DONE
                      : record.twv.put(Value.of(Math.abs(by)), motor.patience()))
                  .thenCompose(done -> motor.begin(Value.of(to), move));
            });
  }

  /** Ends by itself: nothing jogs for ever because who has started it has gone. */
  private CompletionStage<Void> jog(boolean forward, double seconds) {
    if (!(seconds > 0 && seconds <= LONGEST_JOG_SECONDS)) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "bad-argument",
              "%s can jog for more than 0 and at most %s s, not for %s s."
                  .formatted(motor.name(), LONGEST_JOG_SECONDS, seconds)));
    }
    DeviceFailure refusal =
        record.paused()
            ? motor.paused()
            : record.atSwitch(forward)
                ? new DeviceFailure(
                    "limit-switch", motor.name() + " is on the limit switch of that direction.")
                : null;
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    Signal command = forward ? record.jogf : record.jogr;
    double endless = forward ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    MotorMove move = new MotorMove(command, Value.of(1), endless, "jog", motor.clock());
    return missing(command)
        .thenCompose(
            there ->
                motor.owning(
                    () ->
                        motor.during(
                            move,
                            () -> motor.atRestBefore().thenCompose(rest -> jog(move, seconds)))));
  }

  private CompletionStage<Void> jog(MotorMove move, double seconds) {
    if (move.stopped()) {
      return CompletableFuture.failedStage(motor.stopped());
    }
    move.begins(MotorFields.number(record.rbv), EpicsMotor.millis(seconds).plus(motor.patience()));
    CompletionStage<Void> put = move.command.put(move.value, move.left());
    CompletableFuture<Void> time = motor.clock().after(EpicsMotor.millis(seconds));
    // its completion comes when the jog has ended, on some records at once
    put.thenCompose(done -> motor.ask())
        .whenComplete(
            (done, error) -> {
              if (error != null || motor.failure(move) != null) {
                time.complete(null);
              }
            });
    // by a stop: the put of another value would wait for the completion of the one that started it
    return time.thenCompose(done -> motor.stop(move))
        .handle((done, error) -> error)
        .thenCompose(notStopped -> jogEnded(move, put, notStopped));
  }

  /** A put that has failed may have begun a jog, so it is judged at rest; then its error counts. */
  private CompletionStage<Void> jogEnded(
      MotorMove move, CompletionStage<Void> put, Throwable notStopped) {
    return motor
        .ask()
        .thenCompose(
            done ->
                record.dmov.await(
                    value -> value.asDouble() == 1,
                    motor.patience().plus(EpicsMotor.millis(record.accelerationSeconds()))))
        .thenCompose(done -> motor.ask())
        .handle((done, error) -> error)
        .thenCompose(
            error -> {
              Throwable failure = failureOf(put);
              if (failure == null) {
                failure = error == null ? notStopped : error;
              }
              return failure == null ? motor.judge(move) : CompletableFuture.failedStage(failure);
            });
  }

  /** A completion may get lost on its way; what else fails a put is told. */
  private Throwable failureOf(CompletionStage<Void> put) {
    CompletableFuture<Void> ended = put.toCompletableFuture();
    if (!ended.isCompletedExceptionally()) {
      return null;
    }
    Throwable error = ended.handle((done, why) -> why).join();
    String code = DeviceFailure.refusalOf(motor.name().value(), error).code();
    return code.equals("timeout") ? null : error;
  }

  /** SET is taken back whatever happens: a motor left in it would not move when it is set. */
  private CompletionStage<Void> setCurrentPosition(Value position) {
    if (!Double.isFinite(position.asDouble())) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "not-finite", motor.name() + ": the position must be a finite number."));
    }
    if (MotorFields.number(record.dmov) == 0) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "busy", motor.name() + " moves: its position can be set when it is at rest."));
    }
    double before = MotorFields.number(record.rbv);
    return missing(record.set)
        .thenCompose(
            there ->
                motor.owning(
                    () ->
                        record
                            .set
                            .put(Value.of(1), motor.patience())
                            .thenCompose(done -> record.val.put(position, motor.patience()))
                            .handle((done, error) -> error)
                            .thenCompose(
                                error ->
                                    record
                                        .set
                                        .put(Value.of(0), motor.patience())
                                        .thenCompose(done -> motor.ask())
                                        .thenAccept(
                                            done -> positionSet(position, before, error)))));
  }

  private void positionSet(Value position, double before, Throwable error) {
    motor.positionUnknown();
    if (error != null) {
      throw new DeviceFailure(DeviceFailure.refusalOf(motor.name().value(), error));
    }
    double now = MotorFields.number(record.rbv);
    if (!motor.near(now, position.asDouble())) {
      throw new DeviceFailure(
          "not-taken",
          "%s: the position was set to %s and is %s."
              .formatted(motor.name(), motor.shown(position.asDouble()), motor.shown(now)));
    }
    LOG.info(
        "{}: the position {} is now called {}",
        motor.name(),
        motor.shown(before),
        motor.shown(now));
  }

  private CompletionStage<Void> setLimits(Value low, Value high) {
    Value.Fields both =
        new Value.Fields(Map.of("low_limit_travel", low, "high_limit_travel", high));
    boolean none = low.asDouble() == 0 && high.asDouble() == 0;
    return none || low.asDouble() < high.asDouble()
        ? motor.configure(both)
        : CompletableFuture.failedStage(
            new DeviceFailure(
                "bad-argument",
                "%s: the low limit %s must be below the high limit %s; 0, 0 for none."
                    .formatted(motor.name(), low.shown(), high.shown())));
  }

  private CompletionStage<Void> missing(Signal field) {
    return field.connected()
        ? Device.DONE
        : CompletableFuture.failedStage(
            new DeviceFailure(
                "not-supported",
                "%s can't do that: there is no %s.".formatted(motor.name(), field.name())));
  }
}

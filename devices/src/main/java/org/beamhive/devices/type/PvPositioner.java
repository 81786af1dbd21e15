package org.beamhive.devices.type;

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
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that moves and is no motor record: ophyd's {@code PVPositioner} and its kin. What tells
 * that it is there: a {@code done} PV, the completion of the put, the readback near the setpoint,
 * or a formula of both. What is given must all hold.
 */
final class PvPositioner extends SignalDevice {
  private static final List<ConfigKey> COMMON =
      List.of(
          required("setpoint", Kind.TEXT, "the PV that it is set with"),
          optional("prefix", Kind.TEXT, "before the names of all PVs"),
          optional("readback", Kind.TEXT, "the PV that tells where it is; else the setpoint's"),
          optional("actuate", Kind.TEXT, "a PV that starts the move after the setpoint is put"),
          optional("actuate_value", Kind.ANY, "what is put to it; 1 if not given"),
          optional("stop_signal", Kind.TEXT, "a PV that stops it"),
          optional("stop_value", Kind.ANY, "what is put to it; 1 if not given"),
          optional("done", Kind.TEXT, "a PV that tells whether it has arrived"),
          optional("done_value", Kind.ANY, "what it is then; 1 if not given"),
          optional("start_timeout", Kind.POSITIVE, "seconds that done may take to fall; else 1"),
          optional("put_complete", Kind.FLAG, "whether the put completes when it has arrived"),
          optional("tolerance", Kind.POSITIVE, "how near the readback must come"),
          optional("atol", Kind.POSITIVE, "the same, as ophyd calls it"),
          optional("rtol", Kind.POSITIVE, "the same as a part of the setpoint"),
          optional("comparator", Kind.TEXT, "a formula of readback and setpoint; true if there"),
          optional("limits", Kind.LIMITS_OR_FLAG, "its range; true for that of the setpoint's PV"),
          optional("timeout", Kind.POSITIVE, "seconds that a move may take; else 60"),
          optional("settle_time", Kind.POSITIVE, "seconds to wait after each move"),
          optional("egu", Kind.TEXT, "taken and not used: the PV's units count"),
          optional("labels", Kind.ANY, "taken and not used"));

  static final List<ConfigKey> KEYS = COMMON;

  private static final Logger LOG = LoggerFactory.getLogger(PvPositioner.class);
  private static final double MOVE_SECONDS = 60;
  private static final double START_SECONDS = 1;
  private static final long STOP_AGAIN_MILLIS = 200;
  private static final int STOP_TRIES = 10;

  private final Signal setpoint;
  private final Signal readback;
  private final Signal actuate;
  private final Signal stop;
  private final Signal done;
  private final boolean byCompletion;
  private final boolean byTolerance;
  private final Formula comparator;
  private final AtomicReference<Move> current = new AtomicReference<>();

  private final class Move {
    final Value to;
    final long deadline;
    final CompletableFuture<Void> over = new CompletableFuture<>();
    // done has told that it is on its way
    final CompletableFuture<Void> begun = new CompletableFuture<>();

    Move(Value to, Duration timeout) {
      this.to = to;
      this.deadline = now() + timeout.toNanos();
    }

    Duration left() {
      return Duration.ofNanos(Math.max(1, deadline - now()));
    }
  }

  /** Ophyd's {@code PVPositioner}. */
  static PvPositioner plain(DeviceOptions options, DeviceBackends backends) {
    return new PvPositioner("PVPositioner", options, backends, false, false);
  }

  /** Ophyd's {@code PVPositionerPC}: the put completes when it has arrived. */
  static PvPositioner putCompletes(DeviceOptions options, DeviceBackends backends) {
    return new PvPositioner("PVPositionerPC", options, backends, true, false);
  }

  /** Ophyd's {@code PVPositionerIsClose}: its readback is near the setpoint. */
  static PvPositioner isClose(DeviceOptions options, DeviceBackends backends) {
    return new PvPositioner("PVPositionerIsClose", options, backends, false, true);
  }

  /** Ophyd's {@code PVPositionerComparator}: a formula tells it. */
  static PvPositioner compared(DeviceOptions options, DeviceBackends backends) {
    return new PvPositioner("PVPositionerComparator", options, backends, false, false);
  }

  private PvPositioner(
      String className,
      DeviceOptions options,
      DeviceBackends backends,
      boolean completes,
      boolean close) {
    super(
        className, Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE), options, backends);
    String name = options.name().value();
    byCompletion = completes || options.flag("put_complete", false);
    byTolerance = close || options.has("tolerance") || options.has("atol") || options.has("rtol");
    comparator = options.has("comparator") ? Formula.of(options.text("comparator", "")) : null;
    if (options.has("readback")) {
      readback = pv(name, Part.Kind.HINTED, "readback", SignalOptions.MONITORED);
      setpoint = pv(name + "_setpoint", Part.Kind.NORMAL, "setpoint", SignalOptions.MONITORED);
    } else {
      setpoint = pv(name, Part.Kind.HINTED, "setpoint", SignalOptions.MONITORED);
      readback = setpoint;
    }
    actuate = pv(name + "_actuate", Part.Kind.OMITTED, "actuate", SignalOptions.POLLED);
    stop = pv(name + "_stop", Part.Kind.OMITTED, "stop_signal", SignalOptions.URGENT);
    done = pv(name + "_done", Part.Kind.OMITTED, "done", SignalOptions.MONITORED);
  }

  private Signal pv(String key, Part.Kind kind, String option, SignalOptions how) {
    return options.has(option)
        ? part(key, kind, options.text("prefix", "") + options.text(option, ""), how)
        : null;
  }

  /** What must be given beside the names of PVs. */
  static DeviceChecks checks(String className) {
    return new DeviceChecks() {
      @Override
      public List<Problem> problems(DeviceName name, Value.Fields config) {
        List<Problem> problems = new ArrayList<>();
        String formula = config.text("comparator");
        String wrong =
            formula == null ? null : Formula.problem(formula, Set.of("readback", "setpoint"));
        if (wrong != null) {
          problems.add(new Problem("comparator", wrong));
        }
        boolean tells =
            formula != null
                || config.text("done") != null
                || config.get("put_complete") == Value.Bool.TRUE
                || config.get("tolerance") != null
                || config.get("atol") != null
                || config.get("rtol") != null
                || className.equals("PVPositionerPC");
        if (!tells) {
          problems.add(
              new Problem(
                  className.equals("PVPositionerIsClose")
                      ? "atol"
                      : className.equals("PVPositionerComparator") ? "comparator" : "done",
                  "what tells that it has arrived? One of done, put_complete: true, tolerance,"
                      + " atol, rtol, comparator is needed"));
        }
        return problems;
      }
    };
  }

  @Override
  protected Limits limits() {
    return options.flag("limits", false) && setpoint.meta() != null
        ? setpoint.meta().limits()
        : options.limits("limits");
  }

  @Override
  public DeviceFailure check(Value wanted) {
    SignalMeta meta = setpoint.meta();
    String label = meta == null ? null : SignalSettings.labelProblem(setpoint, wanted);
    if (label != null) {
      return new DeviceFailure(
          "wrong-type", "%s can't be set to %s: %s.".formatted(name(), wanted.shown(), label));
    }
    return meta != null && (meta.type() == SignalType.ENUM || meta.type() == SignalType.TEXT)
        ? null
        : checkSetpoint(wanted);
  }

  // ---------------------------------------------------------------- moving

  @Override
  protected void changed(Signal signal) {
    Move move = current.get();
    if (move != null && signal == done && !arrivedByDone()) {
      move.begun.complete(null);
    }
  }

  private boolean arrivedByDone() {
    return done == null
        || done.latest() != null
            && SignalSettings.same(done, done.latest().value(), value("done_value"));
  }

  private Value value(String key) {
    return options.has(key) ? options.values().get(key) : Value.of(1);
  }

  @Override
  public CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = check(wanted);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    return alone(
        setpoint.name(),
        () -> {
          Move move = new Move(wanted, seconds("timeout", MOVE_SECONDS));
          current.set(move);
          drive(move)
              .thenCompose(arrived -> settle())
              .whenComplete(
                  (arrived, error) -> {
                    if (error == null) {
                      move.over.complete(null);
                    } else {
                      move.over.completeExceptionally(error);
                    }
                  });
          return move.over.handle((arrived, error) -> error).thenCompose(error -> end(move, error));
        });
  }

  private Duration seconds(String key, double otherwise) {
    return Duration.ofMillis((long) (options.number(key, otherwise) * 1000));
  }

  private CompletionStage<Void> drive(Move move) {
    CompletionStage<Void> put = put(setpoint, move.to, move);
    if (actuate != null) {
      put = put.thenCompose(there -> put(actuate, value("actuate_value"), move));
    }
    CompletionStage<Void> started = put;
    if (!byCompletion && !put.toCompletableFuture().isDone()) {
      // what tells that it is there need not wait for a completion; but a failure counts
      put.whenComplete(
          (there, error) -> {
            if (error != null) {
              move.over.completeExceptionally(error);
            }
          });
      started = done == null ? DONE : put;
    }
    return started
        .thenCompose(there -> done == null ? DONE : byDone(move))
        .thenCompose(there -> byReadback(move));
  }

  /** A PV that refuses it says so by its own name; a person asked for the device. */
  private CompletionStage<Void> put(Signal signal, Value value, Move move) {
    return signal
        .put(value, move.left())
        .handle(
            (there, error) -> {
              if (error == null) {
                return DONE;
              }
              Refusal refusal = DeviceFailure.refusalOf(name().value(), error);
              return CompletableFuture.<Void>failedStage(
                  refusal.code().equals("put-failed") ? refused(signal, move, refusal) : error);
            })
        .thenCompose(ended -> ended);
  }

  private DeviceFailure refused(Signal signal, Move move, Refusal refusal) {
    String why = refusal.text();
    why = why.startsWith(signal.name() + ": ") ? why.substring(signal.name().length() + 2) : why;
    why = why.endsWith(".") ? why.substring(0, why.length() - 1) : why;
    return new DeviceFailure(
        refusal.code(),
        "%s can't go to %s: %s refused it (%s)."
            .formatted(name(), move.to.shown(), signal.name(), why));
  }

  /** It falls when the move begins, which may be a moment after the put, and rises at its end. */
  private CompletionStage<Void> byDone(Move move) {
    CompletionStage<Void> begun =
        arrivedByDone()
            ? backends
                .timeouts()
                .deadlines()
                .within(seconds("start_timeout", START_SECONDS), move.begun.copy())
                .exceptionally(late -> null)
            : DONE;
    return begun
        .thenCompose(
            started ->
                done.await(
                    value -> SignalSettings.same(done, value.value(), value("done_value")),
                    move.left()))
        .thenCompose(there -> done.get(patience()))
        .thenCompose(
            now ->
                SignalSettings.same(done, now.value(), value("done_value")) ? DONE : byDone(move));
  }

  private CompletionStage<Void> byReadback(Move move) {
    return byTolerance || comparator != null
        ? readback
            .await(at -> near(at.asDouble(), move.to.asDouble()), move.left())
            .thenApply(there -> null)
        : refresh(List.of(readback));
  }

  private boolean near(double at, double wanted) {
    if (comparator != null && comparator.value(Map.of("readback", at, "setpoint", wanted)) == 0) {
      return false;
    }
    double absolute = options.number("atol", options.number("tolerance", 0));
    return !byTolerance
        || Math.abs(at - wanted) <= absolute + options.number("rtol", 0) * Math.abs(wanted);
  }

  private long now() {
    return backends.timeouts().deadlines().nanos();
  }

  private CompletionStage<Void> settle() {
    return options.has("settle_time")
        ? backends.timeouts().deadlines().after(seconds("settle_time", 0))
        : DONE;
  }

  private CompletionStage<Void> end(Move move, Throwable error) {
    current.compareAndSet(move, null);
    if (error == null) {
      return DONE;
    }
    Refusal refusal = DeviceFailure.refusalOf(name().value(), error);
    if (!refusal.code().equals("timeout")) {
      return CompletableFuture.failedStage(error);
    }
    // whoever owns it stops it, if it is still his
    return CompletableFuture.failedStage(
        new DeviceFailure(
            "move-timeout",
            "%s did not get to %s in time%s: it reads %s."
                .formatted(
                    name(),
                    move.to.shown(),
                    stop == null ? " and has no stop_signal" : " and is stopped",
                    readback.latest() == null ? "nothing" : readback.latest().value().shown())));
  }

  @Override
  public CompletionStage<Void> stop() {
    Move move = current.get();
    if (stop == null && move != null) {
      LOG.warn("{}: has no stop_signal, so it may still go to {}", name(), move.to.shown());
    }
    CompletionStage<Void> sent = stop == null ? DONE : stopNow(move, STOP_TRIES);
    if (move != null) {
      sent.whenComplete(
          (done, error) ->
              move.over.completeExceptionally(
                  new DeviceFailure("stopped", name() + " has been stopped.")));
    }
    return sent;
  }

  /** The stop has a circuit of its own: it may have been faster than the put that it is to stop. */
  private CompletionStage<Void> stopNow(Move move, int tries) {
    CompletionStage<Void> sent = halt(stop, value("stop_value"));
    if (move != null && done != null && tries > 0) {
      backends
          .timeouts()
          .deadlines()
          .after(Duration.ofMillis(STOP_AGAIN_MILLIS))
          .thenRun(
              () -> {
                if (!arrivedByDone() && (current.get() == null || current.get() == move)) {
                  stopNow(move, tries - 1);
                }
              });
    }
    return sent;
  }

  @Override
  public CompletionStage<Location> locate() {
    return setpoint
        .read(patience())
        .thenCombine(readback.read(patience()), (to, at) -> new Location(to.value(), at.value()));
  }
}

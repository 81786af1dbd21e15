package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
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
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * A shutter or a valve: it is told to open or to close by one PV or by two, and a status PV tells
 * when it is. It reads {@code open}, {@code closed} or {@code unknown}, which is also what it is on
 * its way. A set has ended when the status says so.
 */
final class Shutter extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("open_pv", Kind.TEXT, "the PV that opens it"),
          optional("close_pv", Kind.TEXT, "the PV that closes it; else open_pv"),
          optional("open_value", Kind.ANY, "what opens it; 1 if not given"),
          optional("close_value", Kind.ANY, "what closes it; else 1, or 0 if there is one PV"),
          optional("status_pv", Kind.TEXT, "the PV that tells its state; else open_pv"),
          optional("open_status", Kind.ANY, "what it tells when open; else open_value"),
          optional("close_status", Kind.ANY, "what it tells when closed; else 0"),
          optional("permit_pv", Kind.TEXT, "an interlock's PV; without permit it is not opened"),
          optional("permit_value", Kind.ANY, "what it is with permit; 1 if not given"),
          optional("timeout", Kind.POSITIVE, "seconds to open or close; else 10"),
          optional("retries", Kind.WHOLE, "how often the command is sent again; 0 if not given"),
          optional("settle_time", Kind.POSITIVE, "seconds to wait afterwards"),
          optional("labels", Kind.ANY, "taken and not used"));

  private static final double SECONDS = 10;
  private static final String OPEN = "open";
  private static final String CLOSED = "closed";
  private static final List<String> STATES = List.of(CLOSED, OPEN, "unknown");

  private final Signal opener;
  private final Signal closer;
  private final Signal status;
  private final Signal permit;
  private final AtomicReference<CompletableFuture<Void>> current = new AtomicReference<>();

  static Shutter shutter(DeviceOptions options, DeviceBackends backends) {
    return new Shutter("Shutter", options, backends);
  }

  static Shutter valve(DeviceOptions options, DeviceBackends backends) {
    return new Shutter("Valve", options, backends);
  }

  private Shutter(String className, DeviceOptions options, DeviceBackends backends) {
    super(className, Set.of(Ability.READABLE, Ability.MOVABLE), options, backends);
    String name = options.name().value();
    String open = options.text("open_pv", "");
    status = part(name, Part.Kind.HINTED, options.text("status_pv", open), SignalOptions.MONITORED);
    opener = part(name + "_open", Part.Kind.OMITTED, open, SignalOptions.POLLED);
    closer =
        options.has("close_pv")
            ? part(
                name + "_close",
                Part.Kind.OMITTED,
                options.text("close_pv", ""),
                SignalOptions.POLLED)
            : opener;
    permit =
        options.has("permit_pv")
            ? part(
                name + "_permit",
                Part.Kind.OMITTED,
                options.text("permit_pv", ""),
                SignalOptions.MONITORED)
            : null;
  }

  private Value value(String key, Value otherwise) {
    return options.has(key) ? options.values().get(key) : otherwise;
  }

  private boolean is(Value state, boolean open) {
    Value expected =
        open
            ? value("open_status", value("open_value", Value.of(1)))
            : value("close_status", Value.of(0));
    return SignalSettings.same(status, state, expected);
  }

  private String state(Value now) {
    return is(now, true) ? OPEN : is(now, false) ? CLOSED : "unknown";
  }

  // ---------------------------------------------------------------- reading

  @Override
  protected DataKey dataKey(Part part) {
    if (part.signal() != status) {
      return super.dataKey(part);
    }
    return new SignalMeta(
            status.meta().source(), SignalType.ENUM, 1, true, "", 0, Limits.NONE, STATES)
        .dataKey(name().value(), true);
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return super.read()
        .thenApply(
            readings ->
                readings.stream()
                    .map(
                        reading ->
                            new Reading(
                                reading.key(),
                                Value.of(state(reading.value())),
                                reading.timestamp(),
                                reading.severity()))
                    .toList());
  }

  @Override
  public CompletionStage<Location> locate() {
    return status
        .read(patience())
        .thenApply(now -> Value.of(state(now.value())))
        .thenApply(now -> new Location(now, now));
  }

  // ---------------------------------------------------------------- opening and closing

  /** True to open, false to close, null if it is neither. */
  private static Boolean wanted(Value setpoint) {
    if (setpoint instanceof Value.Text text) {
      return switch (text.value().toLowerCase(java.util.Locale.ROOT)) {
        case "open", "opened", "in", "on" -> Boolean.TRUE;
        case "close", "closed", "out", "off" -> Boolean.FALSE;
        default -> null;
      };
    }
    if (setpoint instanceof Value.Bool flag) {
      return flag == Value.Bool.TRUE;
    }
    return setpoint.asDouble() == 1 ? Boolean.TRUE : setpoint.asDouble() == 0 ? false : null;
  }

  @Override
  public DeviceFailure check(Value setpoint) {
    Boolean open = wanted(setpoint);
    if (open == null) {
      return new DeviceFailure(
          "wrong-type",
          "%s can't be set to %s: open (1) or close (0) is needed."
              .formatted(name(), setpoint.shown()));
    }
    boolean permitted =
        permit == null
            || permit.latest() != null
                && SignalSettings.same(
                    permit, permit.latest().value(), value("permit_value", Value.of(1)));
    return open && !permitted
        ? new DeviceFailure(
            "interlocked",
            "%s can't be opened: its interlock %s gives no permit."
                .formatted(name(), permit.name()))
        : null;
  }

  @Override
  public CompletionStage<Void> set(Value setpoint) {
    DeviceFailure refusal = check(setpoint);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    boolean open = wanted(setpoint);
    return alone(
        opener.name(),
        () -> {
          CompletableFuture<Void> over = new CompletableFuture<>();
          current.set(over);
          command(open, (int) options.number("retries", 0))
              .thenCompose(done -> settle())
              .whenComplete(
                  (done, error) -> {
                    if (error == null) {
                      over.complete(null);
                    } else {
                      over.completeExceptionally(error);
                    }
                  });
          return over.whenComplete((done, error) -> current.compareAndSet(over, null));
        });
  }

  private CompletionStage<Void> command(boolean open, int retries) {
    Duration each = millis(options.number("timeout", SECONDS));
    Value put =
        open
            ? value("open_value", Value.of(1))
            : value("close_value", Value.of(closer == opener ? 0 : 1));
    CompletableFuture<Void> failed = new CompletableFuture<>();
    (open ? opener : closer)
        .put(put, each)
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                failed.completeExceptionally(error);
              }
            });
    CompletableFuture<Void> there =
        status
            .await(now -> is(now.value(), open), each)
            .<Void>thenApply(now -> null)
            .toCompletableFuture();
    return there
        .applyToEither(failed, done -> done)
        .exceptionallyCompose(
            error -> {
              boolean late =
                  DeviceFailure.refusalOf(name().value(), error).code().equals("timeout");
              if (!late) {
                return CompletableFuture.failedStage(error);
              }
              return retries > 0
                  ? command(open, retries - 1)
                  : CompletableFuture.failedStage(notReached(open));
            });
  }

  private DeviceFailure notReached(boolean open) {
    return new DeviceFailure(
        "not-reached",
        "%s has not %s: it is %s. Is there an interlock?"
            .formatted(
                name(),
                open ? "opened" : "closed",
                status.latest() == null ? "unknown" : state(status.latest().value())));
  }

  private CompletionStage<Void> settle() {
    return options.has("settle_time")
        ? backends.timeouts().deadlines().after(millis(options.number("settle_time", 0)))
        : DONE;
  }

  private static Duration millis(double seconds) {
    return Duration.ofMillis(Math.max(1, (long) (seconds * 1000)));
  }

  /** It has no way to stop between open and closed; but nobody waits for it any more. */
  @Override
  public CompletionStage<Void> stop() {
    CompletableFuture<Void> over = current.get();
    if (over != null) {
      over.completeExceptionally(
          new DeviceFailure("stopped", name() + " is not waited for any more."));
    }
    return DONE;
  }

  @Override
  public Map<String, DeviceMethod> methods() {
    return Map.of(
        "open",
        new DeviceMethod(
            "opens it",
            List.of(),
            arguments -> set(Value.of(OPEN)).thenApply(done -> Value.None.NONE)),
        "close",
        new DeviceMethod(
            "closes it",
            List.of(),
            arguments -> set(Value.of(CLOSED)).thenApply(done -> Value.None.NONE)));
  }
}

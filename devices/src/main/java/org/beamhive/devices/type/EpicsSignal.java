package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * One PV as a device, or two: one to read and one to write. A put that succeeds says nothing about
 * whether the value was taken; so, as in ophyd, a set has ended when the readback is what was set,
 * or, with {@code put_complete}, when the put has completed.
 */
final class EpicsSignal extends SignalDevice {
  /** For one that is only read. */
  static final List<ConfigKey> READ_ONLY_KEYS =
      with(
          List.of(required("read_pv", Kind.TEXT, "the PV to read")),
          List.of(
              optional(
                  "auto_monitor", Kind.FLAG, "whether its changes are followed; true if not given"),
              optional("string", Kind.FLAG, "whether labels or characters are read as a text"),
              optional("timeout", Kind.POSITIVE, "seconds for a read; else request-timeout"),
              optional(
                  "connection_timeout", Kind.POSITIVE, "seconds for one try; else as the device's"),
              optional("labels", Kind.ANY, "taken and not used")));

  private static final List<ConfigKey> WRITING =
      List.of(
          optional(
              "put_complete", Kind.FLAG, "whether the put's completion ends a set; else its value"),
          optional(
              "limits",
              Kind.LIMITS_OR_FLAG,
              "whether the PV's control limits are kept, or limits besides them"),
          optional(
              "tolerance", Kind.POSITIVE, "how near the readback must come; else the precision"),
          optional("rtolerance", Kind.POSITIVE, "the same as a part of what was set"),
          optional("write_timeout", Kind.POSITIVE, "seconds for a set; else move-time-margin"),
          optional("settle_time", Kind.POSITIVE, "seconds to wait after each set"));

  /** For one that is written, too. */
  static final List<ConfigKey> KEYS =
      with(
          with(
              READ_ONLY_KEYS,
              List.of(optional("write_pv", Kind.TEXT, "the PV to write, if it is another one"))),
          WRITING);

  /** For areaDetector's pairs of PV and PV_RBV. */
  static final List<ConfigKey> WITH_RBV_KEYS =
      with(
          with(
              List.of(required("prefix", Kind.TEXT, "the PV to write; PV_RBV is read")),
              READ_ONLY_KEYS.subList(1, READ_ONLY_KEYS.size())),
          WRITING);

  private static final long FIRST_LOOK_MILLIS = 10;
  private static final long LATER_LOOKS_MILLIS = 100;

  private final Signal readback;
  private final Signal setpoint;
  private final boolean validated;
  private final AtomicReference<CompletableFuture<Void>> current = new AtomicReference<>();

  private static List<ConfigKey> with(List<ConfigKey> keys, List<ConfigKey> more) {
    List<ConfigKey> both = new ArrayList<>(keys);
    both.addAll(more);
    return List.copyOf(both);
  }

  /** One that can be read and written. */
  static EpicsSignal writable(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignal", options, backends, true);
  }

  /** The same, but a set has ended when the put is on its way. */
  static EpicsSignal unvalidated(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignalNoValidation", options, backends, false);
  }

  /** One that can be read. */
  static EpicsSignal readOnly(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignalRO", options, backends, true);
  }

  /** One that is written at a PV and read at PV_RBV. */
  static EpicsSignal withRbv(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignalWithRBV", options, backends, true);
  }

  /** One that scans move as an axis. */
  static EpicsSignal positioner(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignalPositioner", options, backends, true);
  }

  private EpicsSignal(
      String className, DeviceOptions options, DeviceBackends backends, boolean validated) {
    super(className, abilities(className), patient(options), backends);
    this.validated = validated;
    String prefix = options.text("prefix", "");
    String read = options.has("prefix") ? prefix + "_RBV" : options.text("read_pv", "");
    String write = options.has("prefix") ? prefix : options.text("write_pv", read);
    readback =
        part(
            options.name().value(),
            Part.Kind.HINTED,
            read,
            options.flag("auto_monitor", true) ? SignalOptions.MONITORED : SignalOptions.POLLED,
            options.flag("string", false));
    setpoint =
        write.equals(read)
            ? readback
            : part(name() + "_setpoint", Part.Kind.OMITTED, write, SignalOptions.POLLED);
  }

  private static Set<Ability> abilities(String className) {
    return className.equals("EpicsSignalRO")
        ? Set.of(Ability.READABLE)
        : Set.of(Ability.READABLE, Ability.MOVABLE);
  }

  private static DeviceOptions patient(DeviceOptions options) {
    double seconds = options.number("connection_timeout", 0);
    return seconds > 0
        ? new DeviceOptions(options.name(), options.values(), millis(seconds))
        : options;
  }

  private static Duration millis(double seconds) {
    return Duration.ofMillis(Math.max(1, (long) (seconds * 1000)));
  }

  @Override
  protected Duration patience() {
    return options.has("timeout") ? millis(options.number("timeout", 0)) : super.patience();
  }

  private Duration writePatience() {
    return options.has("write_timeout")
        ? millis(options.number("write_timeout", 0))
        : backends.timeouts().moveMargin();
  }

  @Override
  protected Limits limits() {
    Limits own = options.limits("limits");
    boolean ofPv = own.set() || options.flag("limits", false);
    return ofPv && setpoint.meta() != null ? setpoint.meta().limits().narrowedBy(own) : own;
  }

  // ---------------------------------------------------------------- setting

  @Override
  public DeviceFailure check(Value wanted) {
    if (!abilities().contains(Ability.MOVABLE)) {
      return new DeviceFailure("not-movable", name() + " can only be read.");
    }
    SignalMeta meta = setpoint.meta();
    if (meta != null && !meta.writable()) {
      return new DeviceFailure(
          "no-write-access",
          "%s: its PV %s does not allow writing.".formatted(name(), setpoint.name()));
    }
    if (wanted == Value.None.NONE || wanted instanceof Value.Fields) {
      return wrong(wanted, "a number, a text or a list is needed");
    }
    String label = meta == null ? null : SignalSettings.labelProblem(setpoint, wanted);
    if (label != null) {
      return wrong(wanted, label);
    }
    boolean number =
        meta == null || meta.type() == SignalType.NUMBER || meta.type() == SignalType.INTEGER;
    boolean scalar = meta == null || meta.count() == 1;
    return number && scalar && !(wanted instanceof Value.Items) && !(wanted instanceof Value.Bool)
        ? checkSetpoint(wanted)
        : null;
  }

  private DeviceFailure wrong(Value wanted, String why) {
    return new DeviceFailure(
        "wrong-type", "%s can't be set to %s: %s.".formatted(name(), wanted.shown(), why));
  }

  @Override
  public CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = check(wanted);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    Value sent = characters(wanted);
    if (!validated) {
      CompletableFuture<Void> put = put(sent).toCompletableFuture();
      return byCompletion() && !put.isDone() ? DONE : put;
    }
    return alone(
        setpoint.name(),
        () -> {
          CompletableFuture<Void> over = new CompletableFuture<>();
          current.set(over);
          write(sent, over);
          return over.thenCompose(done -> settle()).whenComplete((done, e) -> current.set(null));
        });
  }

  private long now() {
    return backends.timeouts().deadlines().nanos();
  }

  private boolean byCompletion() {
    return options.flag("put_complete", false);
  }

  /**
   * Only who waits for the completion asks for it: a record that is busy until another value is
   * put, as a busy record, would never take that one while it owes the completion of the first.
   */
  private CompletionStage<Void> put(Value sent) {
    return byCompletion()
        ? setpoint.put(sent, writePatience())
        : setpoint.send(sent, writePatience());
  }

  private void write(Value sent, CompletableFuture<Void> over) {
    long deadline = now() + writePatience().toNanos();
    CompletionStage<Void> put = put(sent);
    boolean byCompletion = byCompletion();
    put.thenCompose(done -> readback.get(patience()))
        .whenComplete(
            (now, error) -> {
              if (error != null) {
                over.completeExceptionally(error);
              } else if (byCompletion || same(now.value(), sent)) {
                over.complete(null);
              }
            });
    if (byCompletion) {
      return;
    }
    if (readback.monitored()) {
      readback
          .await(value -> same(value.value(), sent), writePatience())
          .whenComplete(
              (now, error) -> {
                if (error == null) {
                  over.complete(null);
                } else {
                  over.completeExceptionally(late(sent, error));
                }
              });
    } else {
      look(sent, over, deadline, FIRST_LOOK_MILLIS);
    }
  }

  /** A readback that is not followed is asked, at first soon and then less often. */
  private void look(Value sent, CompletableFuture<Void> over, long deadline, long wait) {
    backends
        .timeouts()
        .deadlines()
        .after(Duration.ofMillis(wait))
        .thenRun(
            () -> {
              if (over.isDone()) {
                return;
              }
              readback
                  .get(patience())
                  .whenComplete(
                      (now, error) -> {
                        if (error == null && same(now.value(), sent)) {
                          over.complete(null);
                        } else if (now() - deadline > 0) {
                          over.completeExceptionally(
                              error != null ? error : notReached(sent, now.value()));
                        } else {
                          look(sent, over, deadline, Math.min(2 * wait, LATER_LOOKS_MILLIS));
                        }
                      });
            });
  }

  private Throwable late(Value sent, Throwable error) {
    boolean late = DeviceFailure.refusalOf(name().value(), error).code().equals("timeout");
    Value is = readback.latest() == null ? Value.None.NONE : readback.latest().value();
    return late ? notReached(sent, is) : error;
  }

  private DeviceFailure notReached(Value sent, Value is) {
    return new DeviceFailure(
        "not-reached",
        "%s was set to %s and reads %s. If that is as it should be, use put_complete: true."
            .formatted(name(), sent.shown(), is.shown()));
  }

  private CompletionStage<Void> settle() {
    return options.has("settle_time")
        ? backends.timeouts().deadlines().after(millis(options.number("settle_time", 0)))
        : DONE;
  }

  /** Nothing can be stopped at a PV; but nobody waits for its readback any more. */
  @Override
  public CompletionStage<Void> stop() {
    CompletableFuture<Void> over = current.get();
    if (over != null) {
      over.completeExceptionally(
          new DeviceFailure("stopped", "%s: the set has been stopped.".formatted(name())));
    }
    return DONE;
  }

  /** A text for a PV of characters, with the zero that ends it. */
  private Value characters(Value wanted) {
    SignalMeta meta = setpoint.meta();
    if (!(wanted instanceof Value.Text text)
        || meta == null
        || meta.type() != SignalType.INTEGER
        || meta.count() == 1) {
      return wanted;
    }
    List<Value> bytes = new ArrayList<>();
    for (byte each : text.value().getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Value.of((long) each));
    }
    bytes.add(Value.of(0L));
    return Value.of(bytes);
  }

  private boolean same(Value is, Value wanted) {
    if (wanted instanceof Value.Items list) {
      List<Value> items = is instanceof Value.Items values ? values.items() : List.of(is);
      if (items.size() < list.items().size()) {
        return false;
      }
      for (int at = 0; at < list.items().size(); at++) {
        if (!same(items.get(at), list.items().get(at))) {
          return false;
        }
      }
      return true;
    }
    if (!wanted.numeric()) {
      return SignalSettings.same(readback, is, wanted);
    }
    double target = wanted.asDouble();
    double away = Math.abs(is.asDouble() - target);
    return away <= tolerance() + options.number("rtolerance", 0) * Math.abs(target);
  }

  private double tolerance() {
    SignalMeta meta = readback.meta();
    boolean decimals = meta != null && meta.type() == SignalType.NUMBER;
    double byPrecision = decimals ? Math.pow(10, -meta.precision()) : 0;
    boolean relative = options.has("rtolerance");
    return options.number("tolerance", relative ? 0 : byPrecision);
  }

  @Override
  public CompletionStage<Location> locate() {
    return setpoint
        .read(patience())
        .thenCombine(readback.read(patience()), (to, at) -> new Location(to.value(), at.value()));
  }
}

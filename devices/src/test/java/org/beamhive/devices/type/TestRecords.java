package org.beamhive.devices.type;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * A control system whose records do what a test says, when it says it: what a real one does only
 * now and then, such as losing a completion. A signal that nobody has defined never connects.
 */
final class TestRecords implements SignalBackend {
  private final Map<String, Pv> pvs = new ConcurrentHashMap<>();
  private final AtomicLong time = new AtomicLong(1000);

  /** One PV. */
  final class Pv {
    final List<Value> puts = new CopyOnWriteArrayList<>();

    /** Those of them that nobody wanted to know the completion of. */
    final List<Value> sent = new CopyOnWriteArrayList<>();

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final SignalMeta meta;
    private volatile SignalValue value;
    private volatile Function<Value, CompletionStage<Void>> onPut =
        wanted -> {
          post(wanted);
          return Device.DONE;
        };

    private Pv(SignalMeta meta, Value value) {
      this.meta = meta;
      this.value = SignalValue.of(value, time.incrementAndGet());
    }

    Pv onPut(Function<Value, CompletionStage<Void>> action) {
      onPut = action;
      return this;
    }

    void post(Value next) {
      post(next, AlarmSeverity.NO_ALARM);
    }

    void post(double next) {
      post(Value.of(next));
    }

    void post(Value next, AlarmSeverity severity) {
      value = new SignalValue(next, time.incrementAndGet(), severity, severity.name(), true);
      listeners.forEach(listener -> listener.changed(value));
    }

    double number() {
      return value.asDouble();
    }

    Value value() {
      return value.value();
    }

    void disconnect() {
      listeners.forEach(Listener::disconnected);
    }
  }

  Pv number(String name, double value) {
    return add(name, SignalMeta.number("PV:" + name, "mm", 3, Limits.NONE), Value.of(value));
  }

  Pv whole(String name, long value) {
    return add(name, meta(name, SignalType.INTEGER, 1), Value.of(value));
  }

  Pv text(String name, String value) {
    return add(name, meta(name, SignalType.TEXT, 1), Value.of(value));
  }

  Pv array(String name, List<Value> values) {
    return add(name, meta(name, SignalType.NUMBER, values.size()), Value.of(values));
  }

  Pv characters(String name, int count) {
    Value none = Value.of(java.util.Collections.nCopies(count, Value.of(0L)));
    return add(name, meta(name, SignalType.INTEGER, count), none);
  }

  Pv choice(String name, long value, String... labels) {
    return add(
        name,
        new SignalMeta("PV:" + name, SignalType.ENUM, 1, true, "", 0, Limits.NONE, List.of(labels)),
        Value.of(value));
  }

  private static SignalMeta meta(String name, SignalType type, int count) {
    return new SignalMeta("PV:" + name, type, count, true, "", 0, Limits.NONE, List.of());
  }

  private Pv add(String name, SignalMeta meta, Value value) {
    Pv pv = new Pv(meta, value);
    pvs.put(name, pv);
    return pv;
  }

  Pv pv(String name) {
    return pvs.get(name);
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    Pv pv = pvs.get(name);
    if (pv != null) {
      pv.listeners.add(listener);
      listener.connected(pv.meta);
      if (options.monitored()) {
        listener.changed(pv.value);
      }
    }
    return new Link() {
      @Override
      public CompletionStage<SignalValue> get(Duration timeout) {
        return CompletableFuture.completedStage(pv.value);
      }

      @Override
      public CompletionStage<Void> put(Value value, Duration timeout) {
        pv.puts.add(value);
        CompletableFuture<Void> promise = new CompletableFuture<>();
        pv.onPut
            .apply(value)
            .whenComplete(
                (done, error) -> {
                  if (error == null) {
                    promise.complete(null);
                  } else {
                    promise.completeExceptionally(error);
                  }
                });
        return promise.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
      }

      @Override
      public CompletionStage<Void> send(Value value, Duration timeout) {
        pv.puts.add(value);
        pv.sent.add(value);
        CompletableFuture<Void> put = pv.onPut.apply(value).toCompletableFuture();
        // what fails later fails for nobody
        return put.isCompletedExceptionally() ? put : Device.DONE;
      }

      @Override
      public void close() {
        if (pv != null) {
          pv.listeners.remove(listener);
        }
      }
    };
  }

  /** What devices of these records are made with. */
  DeviceBackends backends(Duration request, Duration margin) {
    return new DeviceBackends(
        () -> this,
        new org.beamhive.devices.backend.sim.SimNamespace(
            new org.beamhive.devices.backend.sim.SettableSimClock(0)),
        new DeviceTimeouts(request, margin));
  }

  /** Waits until a stage has ended; gives the code of its refusal, or {@code done}. */
  static String code(CompletionStage<?> stage) throws Exception {
    try {
      stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
      return "done";
    } catch (java.util.concurrent.ExecutionException e) {
      return DeviceFailure.refusalOf("it", e.getCause()).code();
    }
  }

  static String text(CompletionStage<?> stage) throws Exception {
    try {
      stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
      return "done";
    } catch (java.util.concurrent.ExecutionException e) {
      return DeviceFailure.refusalOf("it", e.getCause()).text();
    }
  }

  static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
  }

  /** Nobody listens. */
  static final DeviceListener DEAF =
      new DeviceListener() {
        @Override
        public void connected() {}

        @Override
        public void disconnected(String problem) {}

        @Override
        public void factsChanged() {}
      };

  /** A device of this type, open and connected. */
  static Device device(DeviceBackends backends, String type, String name, Object... config)
      throws Exception {
    Device device = make(backends, type, name, config);
    device.open(DEAF);
    done(device.connect());
    done(device.describe());
    return device;
  }

  static Device make(DeviceBackends backends, String type, String name, Object... config) {
    return DeviceTypes.standard()
        .find(type)
        .orElseThrow()
        .factory()
        .create(
            new DeviceOptions(
                new org.beamhive.protocol.model.DeviceName(name),
                fields(config),
                Duration.ofSeconds(5)),
            backends);
  }

  static Value.Fields fields(Object... config) {
    Map<String, Value> fields = new java.util.LinkedHashMap<>();
    for (int at = 0; at < config.length; at += 2) {
      fields.put((String) config[at], value(config[at + 1]));
    }
    return new Value.Fields(fields);
  }

  private static Value value(Object given) {
    if (given instanceof Value ready) {
      return ready;
    } else if (given instanceof Integer number) {
      return Value.of(number.longValue());
    } else if (given instanceof Number number) {
      return Value.of(number.doubleValue());
    } else if (given instanceof Boolean flag) {
      return Value.of(flag);
    } else if (given instanceof List<?> list) {
      return Value.of(list.stream().map(TestRecords::value).toList());
    }
    return Value.of((String) given);
  }

  /** A motor record that goes where it is told when the test says so. */
  Motor motor(String name) {
    return new Motor(name);
  }

  final class Motor {
    final Pv val;
    final Pv rbv;
    final Pv dmov;
    final Pv spmg;
    final Pv stop;
    final Pv miss;
    final Pv hls;
    volatile CompletableFuture<Void> moving;
    volatile boolean atOnce;

    private final String name;

    private Motor(String name) {
      this.name = name;
      val = number(name + ".VAL", 0).onPut(this::go);
      rbv = number(name + ".RBV", 0);
      dmov = whole(name + ".DMOV", 1);
      spmg = choice(name + ".SPMG", 3, "Stop", "Pause", "Move", "Go");
      miss = whole(name + ".MISS", 0);
      hls = whole(name + ".HLS", 0);
      whole(name + ".LLS", 0);
      whole(name + ".LVIO", 0);
      number(name + ".HLM", 100);
      number(name + ".LLM", -100);
      number(name + ".VELO", 10);
      number(name + ".VMAX", 20);
      number(name + ".VBAS", 1);
      number(name + ".ACCL", 0.1);
      number(name + ".OFF", 0);
      number(name + ".RDBD", 0.01);
      number(name + ".TWV", 1);
      text(name + ".EGU", "mm");
      choice(name + ".SET", 0, "Use", "Set");
      choice(name + ".STUP", 0, "OFF", "ON", "BUSY");
      whole(name + ".TWF", 0).onPut(on -> go(Value.of(val.number() + pv(name + ".TWV").number())));
      whole(name + ".TWR", 0).onPut(on -> go(Value.of(val.number() - pv(name + ".TWV").number())));
      whole(name + ".HOMF", 0).onPut(on -> begin());
      whole(name + ".HOMR", 0).onPut(on -> begin());
      number(name + ".JVEL", 2);
      whole(name + ".JOGF", 0).onPut(on -> on.asDouble() == 1 ? begin() : Device.DONE);
      stop =
          whole(name + ".STOP", 0)
              .onPut(
                  on -> {
                    if (moving != null) {
                      val.post(rbv.number());
                      comeToRest();
                    }
                    return Device.DONE;
                  });
    }

    private CompletionStage<Void> go(Value to) {
      if (pv(name + ".SET").number() == 1) {
        val.post(to);
        rbv.post(to);
        return Device.DONE;
      }
      val.post(to);
      CompletionStage<Void> promise = begin();
      if (atOnce) {
        arrive();
      }
      return promise;
    }

    private CompletionStage<Void> begin() {
      moving = new CompletableFuture<>();
      dmov.post(Value.of(0));
      return moving;
    }

    void arrive() {
      rbv.post(val.value());
      comeToRest();
    }

    void comeToRest() {
      CompletableFuture<Void> promise = moving;
      moving = null;
      dmov.post(Value.of(1));
      if (promise != null) {
        promise.complete(null);
      }
    }
  }
}

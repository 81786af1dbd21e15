package org.beamhive.devices.actor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * A control system that misbehaves by the dice: one motor record {@code m} and one plain PV {@code
 * s}, reached over two circuits, one for what is urgent. Answers and monitors come late, twice or
 * never, lines break and come back, the motor stalls or falls short. It keeps what it promises as a
 * {@link SignalBackend}: each request ends, the puts of one circuit arrive in order, no question
 * overtakes them, and the monitors of one PV come in order, too.
 */
final class FaultyIoc implements SignalBackend {
  static final double DEADBAND = 0.001;
  static final double HIGH = 100;
  static final double LOW = -100;

  /** How it misbehaves; probabilities per answer, monitor or move. */
  record Temper(
      double late,
      double latest,
      double missing,
      double doubled,
      double stalls,
      double fallsShort,
      double refuses,
      double throwsUp) {
    static final Temper MEEK = new Temper(0, 0, 0, 0, 0, 0, 0, 0);

    static Temper of(Random random) {
      double[] how = new double[7];
      for (int each = 0; each < how.length; each++) {
        // many cases with few faults at once: what several hide from each other is found, too
        how[each] = random.nextInt(3) == 0 ? random.nextDouble() * 0.4 : 0;
      }
      double latest = random.nextBoolean() ? 0.1 : 8;
      return new Temper(
          how[0], latest, how[1] / 2, how[2], how[3], how[4], how[5] / 2, how[6] / 10);
    }
  }

  private final SettableSimClock clock;
  private final Random random;
  private final Consumer<String> trace;
  private final List<Line> lines = new ArrayList<>();
  private final Map<String, SignalValue> values = new HashMap<>();
  private final double[] circuitFree = new double[2];
  private final boolean[] circuitDown = new boolean[2];
  private final List<Request<Void>> moving = new ArrayList<>();
  private final Map<String, Request<Void>> active = new HashMap<>();
  private final Map<String, List<Put>> queued = new HashMap<>();
  private Temper temper;
  private double position;
  private double from;
  private double to;
  private double began;
  private double velocity = 10;
  private boolean inMotion;
  private int motion;

  /** Values that were put to VAL, as they were sent. */
  final List<Double> puts = new ArrayList<>();

  /** A put with completion that waits for the one before it on its record. */
  private record Put(String name, Value value, Request<Void> request) {}

  /** How often a STOP was sent, arrived or not. */
  int stopsSent;

  /** How often somebody else has moved the motor or written the PV. */
  int meddled;

  FaultyIoc(SettableSimClock clock, Random random, Temper temper, Consumer<String> trace) {
    this.clock = clock;
    this.random = random;
    this.temper = temper;
    this.trace = trace;
    for (String[] field :
        new String[][] {
          {"m.VAL", "0"},
          {"m.RBV", "0"},
          {"m.DMOV", "1"},
          {"m.VELO", "10"},
          {"m.ACCL", "0.05"},
          {"m.RDBD", "" + DEADBAND},
          {"m.HLM", "" + HIGH},
          {"m.LLM", "" + LOW},
          {"m.SPMG", "3"},
          {"m.PREC", "3"},
          {"m.MRES", "0.0001"},
          {"m.VMAX", "100"},
          {"m.VBAS", "0.1"}
        }) {
      set(field[0], Value.of(Double.parseDouble(field[1])));
    }
    set("m.EGU", Value.of("mm"));
  }

  // ---------------------------------------------------------------- what a test asks and does

  boolean atRestAt(double where) {
    return !inMotion && Math.abs(position - where) <= 2 * DEADBAND;
  }

  boolean inMotion() {
    return inMotion;
  }

  double plain() {
    return number("s");
  }

  /** Whether a stop would get through. */
  boolean canStop() {
    return lines.stream().anyMatch(line -> line.options.urgent() && line.connected && !line.closed);
  }

  void heal() {
    temper = Temper.MEEK;
    circuitDown[0] = false;
    circuitDown[1] = false;
    lines.forEach(line -> line.cut = false);
    lines.forEach(Line::connectSoon);
  }

  /** A circuit breaks. */
  void breakCircuit(int which) {
    circuitDown[which] = true;
    for (Line line : List.copyOf(lines)) {
      if (line.circuit() == which) {
        line.disconnect();
      }
    }
  }

  void mendCircuit(int which) {
    circuitDown[which] = false;
    lines.forEach(Line::connectSoon);
  }

  /** One PV goes; the others stay. */
  void cutOne() {
    if (!lines.isEmpty()) {
      Line line = lines.get(random.nextInt(lines.size()));
      line.cut = true;
      trace.accept("one line goes: " + line.name);
      line.disconnect();
    }
  }

  void mendAll() {
    lines.forEach(line -> line.cut = false);
    lines.forEach(Line::connectSoon);
  }

  /** It ends and starts again: the motor stands where it is. */
  void restart() {
    breakCircuit(0);
    breakCircuit(1);
    queued.clear();
    active.clear();
    halt();
    mendCircuit(0);
    mendCircuit(1);
  }

  /** Somebody else moves the motor, or stops it. */
  void meddle() {
    meddled++;
    if (random.nextBoolean()) {
      halt();
    } else {
      set("s", Value.of(random.nextDouble()));
      post("s");
      start(random.nextDouble() * 20 - 10);
    }
  }

  /** Who else moved it, stops it. */
  void stopQuietly() {
    halt();
  }

  // ---------------------------------------------------------------- the motor record

  private void start(double target) {
    settle();
    from = position;
    to = target;
    began = clock.seconds();
    inMotion = true;
    int current = ++motion;
    change("m.VAL", target);
    change("m.DMOV", 0);
    change("m.MOVN", 1);
    change("m.LVIO", 0);
    if (random.nextDouble() < temper.stalls) {
      trace.accept("the motor stalls");
      velocity = 0.01;
      return;
    }
    velocity = 10;
    if (random.nextDouble() < temper.fallsShort) {
      trace.accept("the motor falls short");
      to = from + (target - from) * random.nextDouble();
    }
    double takes = Math.abs(to - from) / velocity;
    later(takes / 2, () -> change(current, "m.RBV"));
    later(
        takes,
        () -> {
          if (current == motion) {
            finish(to);
          }
        });
  }

  private void change(int current, String readback) {
    if (current == motion && inMotion) {
      change(readback, now());
    }
  }

  private double now() {
    double away = (clock.seconds() - began) * velocity;
    double distance = Math.abs(to - from);
    return away >= distance ? to : from + Math.signum(to - from) * away;
  }

  private void settle() {
    if (inMotion) {
      position = now();
    }
  }

  private void finish(double where) {
    position = where;
    inMotion = false;
    motion++;
    change("m.RBV", where);
    change("m.MOVN", 0);
    change("m.DMOV", 1);
    List<Request<Void>> done = List.copyOf(moving);
    moving.clear();
    done.forEach(request -> request.answer(null));
  }

  private void halt() {
    if (inMotion) {
      settle();
      change("m.VAL", position);
      finish(position);
    }
  }

  /**
   * As in EPICS base: while a put with completion is active on a record, the next one to any of its
   * fields is not even written before that has completed.
   */
  private void arrive(String name, Value value, Request<Void> request) {
    String record = record(name);
    if (active.containsKey(record)) {
      trace.accept("waits for its record: " + name + " = " + value.shown());
      queued.computeIfAbsent(record, key -> new ArrayList<>()).add(new Put(name, value, request));
      return;
    }
    active.put(record, request);
    write(name, value, request);
  }

  private static String record(String name) {
    return name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
  }

  /** It has completed, or its circuit has broken. */
  private void released(Request<?> request) {
    String record = record(request.line.name);
    if (active.get(record) == request) {
      active.remove(record);
      List<Put> waiting = queued.getOrDefault(record, List.of());
      if (!waiting.isEmpty()) {
        Put next = waiting.remove(0);
        later(0, () -> arrive(next.name(), next.value(), next.request()));
      }
    }
  }

  /**
   * @param request of who wants to know when it has completed, or null
   */
  private void write(String name, Value value, Request<Void> request) {
    trace.accept("arrives: " + name + " = " + value.shown());
    if (!name.equals("m.STOP") && random.nextDouble() < temper.refuses) {
      if (request != null) {
        released(request);
        request.fail("put-failed", name + " is refused.");
      }
      return;
    }
    boolean later = false;
    switch (name) {
      case "m.VAL" -> {
        // else it only changes the target of the move under way
        later = !inMotion || random.nextBoolean();
        if (later && request != null) {
          moving.add(request);
        }
        start(value.asDouble());
      }
      case "m.STOP" -> halt();
      default -> {
        set(name, value);
        post(name);
      }
    }
    if (!later && request != null) {
      request.answer(null);
    }
  }

  private void change(String name, double value) {
    set(name, Value.of(value));
    post(name);
  }

  private void set(String name, Value value) {
    values.put(name, new SignalValue(value, clock.seconds(), AlarmSeverity.NO_ALARM, "", true));
  }

  private double number(String name) {
    return value(name).asDouble();
  }

  private SignalValue value(String name) {
    if (name.equals("m.RBV") && inMotion) {
      set(name, Value.of(now()));
    }
    return values.computeIfAbsent(
        name, key -> new SignalValue(Value.of(0.0), 1000, AlarmSeverity.NO_ALARM, "", true));
  }

  private void post(String name) {
    SignalValue value = value(name);
    for (Line line : lines) {
      if (line.name.equals(name)) {
        line.post(value);
      }
    }
  }

  // ---------------------------------------------------------------- the lines to it

  private void later(double seconds, Runnable what) {
    clock.schedule(Duration.ofNanos((long) Math.ceil(seconds * 1e9)), what);
  }

  private double delay() {
    return random.nextDouble()
        * (random.nextDouble() < temper.late ? temper.latest : random.nextBoolean() ? 0.002 : 0);
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    Line line = new Line(name, options, listener);
    lines.add(line);
    line.connectSoon();
    return line;
  }

  private final class Line implements Link {
    private final String name;
    private final SignalOptions options;
    private final Listener listener;
    private final List<Request<?>> requests = new ArrayList<>();
    private boolean connected;
    private boolean closed;
    private boolean cut;
    private int times;
    private double monitorsUntil;

    Line(String name, SignalOptions options, Listener listener) {
      this.name = name;
      this.options = options;
      this.listener = listener;
    }

    int circuit() {
      return options.urgent() ? 1 : 0;
    }

    void connectSoon() {
      later(
          delay(),
          () -> {
            if (!connected && !closed && !cut && !circuitDown[circuit()]) {
              connected = true;
              times++;
              listener.connected(SignalMeta.number("PV:" + name, "mm", 3, Limits.NONE));
              post(value(name));
            }
          });
    }

    void disconnect() {
      if (!connected) {
        return;
      }
      connected = false;
      times++;
      boolean requestsFirst = random.nextBoolean();
      if (requestsFirst) {
        failAll();
      }
      listener.disconnected();
      if (random.nextDouble() < temper.doubled) {
        listener.disconnected();
      }
      failAll();
    }

    private void failAll() {
      List.copyOf(requests)
          .forEach(r -> r.fail("disconnected", name + " has lost its connection."));
      // the server cancels what its client wanted to know
      for (List<Put> waiting : queued.values()) {
        waiting.removeIf(put -> put.request().line == this);
      }
      List.copyOf(active.values()).stream()
          .filter(request -> request.line == this)
          .forEach(FaultyIoc.this::released);
    }

    void post(SignalValue value) {
      if (!connected || closed || !options.monitored()) {
        return;
      }
      if (random.nextDouble() < temper.missing) {
        return;
      }
      int when = times;
      monitorsUntil = Math.max(monitorsUntil, clock.seconds() + delay());
      Runnable tell =
          () -> {
            if (when == times && !closed) {
              listener.changed(value);
            }
          };
      later(monitorsUntil - clock.seconds(), tell);
      if (random.nextDouble() < temper.doubled) {
        later(monitorsUntil - clock.seconds(), tell);
      }
    }

    @Override
    public CompletionStage<SignalValue> get(Duration timeout) {
      Request<SignalValue> request = new Request<>(this, timeout);
      if (connected) {
        int when = times;
        // never before what was put on the same circuit
        double at = Math.max(circuitFree[circuit()] + 1e-6, clock.seconds() + delay());
        later(
            at - clock.seconds(),
            () -> {
              if (when == times) {
                request.answer(value(name));
              }
            });
      } else {
        request.fail("disconnected", name + " is not connected.");
      }
      return request.promise;
    }

    @Override
    public CompletionStage<Void> put(Value value, Duration timeout) {
      Request<Void> request = new Request<>(this, timeout);
      send(value, request, () -> arrive(name, value, request));
      return request.promise;
    }

    @Override
    public CompletionStage<Void> send(Value value, Duration timeout) {
      Request<Void> request = new Request<>(this, timeout);
      send(value, request, () -> write(name, value, null));
      later(0, () -> request.end(null));
      return request.promise;
    }

    private void send(Value value, Request<Void> request, Runnable arrival) {
      if (!name.equals("m.STOP") && random.nextDouble() < temper.throwsUp) {
        trace.accept("a defect: " + name + " throws");
        throw new IllegalStateException("a defect in the library");
      }
      if (!connected) {
        request.fail("disconnected", name + " is not connected.");
        return;
      }
      trace.accept("sent: " + name + " = " + value.shown());
      if (name.equals("m.STOP")) {
        stopsSent++;
      } else if (name.equals("m.VAL")) {
        puts.add(value.asDouble());
      }
      int when = times;
      double at = Math.max(circuitFree[circuit()] + 1e-6, clock.seconds() + delay());
      circuitFree[circuit()] = at;
      // what was sent when the line broke has arrived or not
      boolean sentAnyway = random.nextBoolean();
      later(
          at - clock.seconds(),
          () -> {
            if (when == times || sentAnyway) {
              arrival.run();
            }
          });
    }

    @Override
    public void close() {
      closed = true;
      lines.remove(this);
      List.copyOf(requests).forEach(r -> r.fail("closed", name + " has been closed."));
    }
  }

  /** A get or put under way. */
  private final class Request<T> {
    private final CompletableFuture<T> promise = new CompletableFuture<>();
    private final Line line;

    Request(Line line, Duration timeout) {
      this.line = line;
      line.requests.add(this);
      later(
          timeout.toNanos() * 1e-9,
          () -> fail("timeout", line.name + " was not answered in time."));
    }

    void answer(T value) {
      released(this);
      if (random.nextDouble() < temper.missing) {
        trace.accept("no answer: " + line.name);
        return;
      }
      later(delay(), () -> end(value));
      if (random.nextDouble() < temper.doubled) {
        later(delay(), () -> end(value));
      }
    }

    private void end(T value) {
      line.requests.remove(this);
      promise.complete(value);
    }

    void fail(String code, String text) {
      line.requests.remove(this);
      promise.completeExceptionally(new DeviceFailure(code, text));
    }
  }
}

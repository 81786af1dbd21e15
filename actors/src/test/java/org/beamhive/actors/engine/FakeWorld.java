package org.beamhive.actors.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.beamhive.actors.engine.PlanInterpreter.Outcome;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunProgress;

/** Devices, bundler and log of a plan, without actors; each answer comes when the test says so. */
final class FakeWorld implements PlanEffects {
  static final RunUid RUN = new RunUid("run");
  private static final Set<String> DETECTORS = Set.of("det", "apart");

  /** A command that has not been answered. */
  record Open(String kind, DeviceName device, long token, Value target) {
    @Override
    public String toString() {
      return kind + (device == null ? "" : " " + device);
    }
  }

  /** An entry of the log. */
  record Logged(
      String kind, String stream, Map<String, Double> positions, long instruction, Value answer) {}

  final List<String> trace = new ArrayList<>();
  final List<Open> open = new ArrayList<>();
  final List<Logged> log = new ArrayList<>();
  final Map<DeviceName, Double> positions = new HashMap<>();
  final Set<DeviceName> staged = new LinkedHashSet<>();

  /** Detectors that were read although they had measured nothing since they were prepared. */
  final List<String> stale = new ArrayList<>();

  final PlanInterpreter plan;
  long nanos;

  private final Map<Long, Map<DeviceName, Double>> readings = new TreeMap<>();
  private final Set<DeviceName> measured = new LinkedHashSet<>();
  private final int before;
  private String stream;
  private List<DeviceName> expected;
  private long bundled;

  FakeWorld(Steps steps) {
    this(steps, List.of(), 1000);
  }

  /** A world whose log holds these entries already. */
  FakeWorld(Steps steps, List<Logged> held, int lookAhead) {
    plan = new PlanInterpreter(steps, this, lookAhead, () -> nanos);
    log.addAll(held);
    before = held.size();
  }

  // ------------------------------------------------------------------ what a test does

  /** Executes and answers until the plan has ended or nothing more can be answered. */
  Outcome run() {
    return run(any -> false);
  }

  /** The same, but the first command that the predicate names is left open. */
  Outcome run(Predicate<Open> hold) {
    while (true) {
      Outcome outcome = plan.advance();
      if (outcome != Outcome.WAITING || open.stream().anyMatch(hold) || open.isEmpty()) {
        return outcome;
      }
      answer(open.get(0));
    }
  }

  Open pending(String text) {
    return open.stream()
        .filter(one -> one.toString().equals(text))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no '" + text + "' in " + open));
  }

  void answer(String text) {
    answer(pending(text));
  }

  private void answer(Open one) {
    open.remove(one);
    switch (one.kind()) {
      case "set" -> {
        positions.put(one.device(), one.target().asDouble());
        plan.onDone(one.token());
      }
      case "stage" -> {
        staged.add(one.device());
        measured.remove(one.device());
        plan.onDone(one.token());
      }
      case "trigger" -> {
        measured.add(one.device());
        plan.onDone(one.token());
      }
      case "unstage" -> {
        staged.remove(one.device());
        plan.onDone(one.token());
      }
      case "locate" ->
          plan.onLocated(
              one.token(), Value.of(position(one.device())), Value.of(position(one.device())));
      case "read" -> {
        readings
            .computeIfAbsent(one.token(), point -> new LinkedHashMap<>())
            .put(one.device(), position(one.device()));
        complete();
      }
      case "bundle" -> complete();
      case "collect" -> collected(one);
      case "logged" -> plan.onLogged(one.token());
      default -> plan.onDone(one.token());
    }
  }

  /** A flyer gives as many events as its position says. */
  private void collected(Open one) {
    long events = (long) position(one.device());
    String into = ((Value.Text) one.target()).value();
    plan.onCollected(one.token(), events);
    for (long event = 0; event < events; event++) {
      enter(new Logged("event", into, Map.of(), 0, null));
    }
  }

  void answerAll() {
    while (!open.isEmpty()) {
      answer(open.get(0));
    }
  }

  void fail(String text, String problem) {
    Open one = pending(text);
    open.remove(one);
    Refusal refusal = Refusal.of("failed", problem);
    if (one.kind().equals("read")) {
      plan.onPointFailed(one.token(), refusal);
    } else {
      plan.onFailed(one.token(), refusal);
    }
  }

  double position(DeviceName device) {
    return positions.getOrDefault(device, 0.0);
  }

  /** The events of a stream, as the positions that were read. */
  List<Map<String, Double>> events(String name) {
    return log.stream()
        .filter(entry -> entry.kind().equals("event") && entry.stream().equals(name))
        .map(Logged::positions)
        .toList();
  }

  long count(String kind) {
    return log.stream().filter(entry -> entry.kind().equals(kind)).count();
  }

  /** What a log with these entries says of itself. */
  static RunProgress progress(List<Logged> entries) {
    RunStart start = null;
    RunStop stop = null;
    List<EventDescriptor> descriptors = new ArrayList<>();
    Map<String, Long> seqNums = new LinkedHashMap<>();
    Map<Long, Value> answers = new LinkedHashMap<>();
    for (Logged entry : entries) {
      switch (entry.kind()) {
        case "start" -> start = new RunStart(RUN, 1, 1, Value.Fields.EMPTY);
        case "descriptor" -> {
          descriptors.add(
              new EventDescriptor("d-" + entry.stream(), RUN, 1, entry.stream(), List.of()));
          seqNums.put(entry.stream(), 0L);
        }
        case "event" -> seqNums.merge(entry.stream(), 1L, Long::sum);
        case "answer" -> answers.put(entry.instruction(), entry.answer());
        default -> stop = new RunStop("stop", RUN, 2, "success", "", Map.of());
      }
    }
    return new RunProgress(entries.size(), start, descriptors, seqNums, answers, 1, stop);
  }

  // ------------------------------------------------------------------ effects

  private void command(String kind, DeviceName device, long token, Value target) {
    Open one = new Open(kind, device, token, target);
    trace.add(kind.equals("set") ? one + " " + target.shown() : one.toString());
    open.add(one);
  }

  private void enter(Logged entry) {
    log.add(entry);
    long counted =
        log.stream().skip(before).filter(one -> !one.kind().equals("descriptor")).count();
    open.add(new Open("logged", null, counted, null));
  }

  private void complete() {
    if (expected == null
        || !readings.getOrDefault(bundled, Map.of()).keySet().containsAll(expected)) {
      return;
    }
    Map<String, Double> values = new TreeMap<>();
    readings.getOrDefault(bundled, Map.of()).forEach((name, at) -> values.put(name.value(), at));
    measured.removeAll(expected);
    expected = null;
    readings.clear();
    if (log.stream()
        .noneMatch(one -> one.kind().equals("descriptor") && one.stream().equals(stream))) {
      log.add(new Logged("descriptor", stream, Map.of(), 0, null));
    }
    plan.onPointTaken(bundled);
    enter(new Logged("event", stream, values, 0, null));
  }

  @Override
  public void set(DeviceName device, Value setpoint, long token) {
    command("set", device, token, setpoint);
  }

  @Override
  public void trigger(DeviceName device, long token) {
    command("trigger", device, token, null);
  }

  @Override
  public void kickoff(DeviceName device, Value.Fields settings, long token) {
    command("kickoff", device, token, null);
  }

  @Override
  public void complete(DeviceName device, long token) {
    command("complete", device, token, null);
  }

  @Override
  public void collect(DeviceName device, String into, long point) {
    command("collect", device, point, Value.of(into));
  }

  @Override
  public void stage(DeviceName device, long token) {
    command("stage", device, token, null);
  }

  @Override
  public void unstage(DeviceName device, long token) {
    command("unstage", device, token, null);
  }

  @Override
  public void locate(DeviceName device, long token) {
    command("locate", device, token, null);
  }

  /** What moves or measures fails as stopped; a motor stands half way. */
  @Override
  public void stop(DeviceName device) {
    trace.add("stop " + device);
    Iterator<Open> all = List.copyOf(open).iterator();
    while (all.hasNext()) {
      Open one = all.next();
      if (device.equals(one.device())
          && List.of("set", "trigger", "kickoff", "complete").contains(one.kind())) {
        if (one.kind().equals("set")) {
          positions.put(device, (position(device) + one.target().asDouble()) / 2);
        }
        open.remove(one);
        open.add(new Open("stopped", device, one.token(), null));
      }
    }
  }

  /** Lets devices say that they were stopped. */
  void sayStopped() {
    for (Open one : List.copyOf(open)) {
      if (one.kind().equals("stopped")) {
        open.remove(one);
        plan.onFailed(one.token(), Refusal.of("stopped", one.device() + " has been stopped"));
      }
    }
  }

  @Override
  public void read(DeviceName device, long point) {
    command("read", device, point, null);
    if (DETECTORS.contains(device.value()) && !measured.contains(device)) {
      stale.add(device + " after " + log.size() + " entries");
    }
  }

  @Override
  public void bundle(long point, String name, List<DeviceName> devices) {
    trace.add("save " + name);
    stream = name;
    expected = List.copyOf(devices);
    bundled = point;
    open.add(new Open("bundle", null, point, null));
  }

  @Override
  public void drop(long point) {
    trace.add("drop");
    expected = null;
    readings.clear();
    open.removeIf(one -> one.kind().equals("read") || one.kind().equals("bundle"));
  }

  @Override
  public void openRun(Value.Fields metadata) {
    trace.add("open");
    enter(new Logged("start", "", Map.of(), 0, null));
  }

  @Override
  public void closeRun(String exitStatus, String reason) {
    trace.add("close " + exitStatus);
    enter(new Logged("stop", "", Map.of(), 0, null));
  }

  @Override
  public void recordAnswer(long instruction, Value answer) {
    enter(new Logged("answer", "", Map.of(), instruction, answer));
  }

  @Override
  public void sleep(double seconds, long token) {
    command("sleep", null, token, Value.of(seconds));
  }

  static DeviceName device(String name) {
    return new DeviceName(name);
  }

  static Instruction set(String device, double to, String group) {
    return new Instruction.Set(device(device), Value.of(to), group);
  }
}

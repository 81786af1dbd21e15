package org.beamhive.actors.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunProgress;

/**
 * Executes a plan's instructions one after the other, as far as it can without waiting. Who owns it
 * tells it what came in and calls {@link #advance()} again.
 *
 * <p>Since the last checkpoint instructions are remembered; after an interruption they are executed
 * again. A saved point counts as a checkpoint too: its event is in the log and must not be taken
 * twice.
 *
 * <p>Mutable and single-threaded on purpose: it runs for every point of every scan, inside one
 * actor.
 */
final class PlanInterpreter {
  /** What came of {@link #advance()}. */
  enum Outcome {
    /** Waits for an answer. */
    WAITING,
    /** Stands at a checkpoint, since a pause was asked for. */
    AT_PAUSE,
    /** The plan has ended by itself. */
    ENDED,
    /** Something failed: see {@link #failure()}. */
    FAILED
  }

  private enum Wait {
    NOTHING,
    GROUP,
    TOKEN,
    POINT,
    LOG,
    CLOSED
  }

  /**
   * An instruction and its number in the plan, {@link #UNNUMBERED} for those that the plan did not
   * give.
   */
  private record Step(Instruction instruction, long number) {}

  private record Pending(String group, DeviceName device, Step step) {}

  private static final long UNNUMBERED = -1;

  private static final String RESUME_GROUP = "resume";

  private final Steps steps;
  private final PlanEffects effects;
  private final int lookAhead;
  private final LongSupplier nanoTime;

  private final Deque<Step> replay = new ArrayDeque<>();
  private final List<Step> sinceCheckpoint = new ArrayList<>();
  private boolean rewindable = true;
  private final Map<Long, Pending> pending = new HashMap<>();
  // interrupted commands whose devices have not said yet that they stand
  private final Map<Long, Pending> abandoned = new HashMap<>();
  private final Map<DeviceName, Value> positions = new LinkedHashMap<>();
  private final Map<DeviceName, Value> origins = new LinkedHashMap<>();
  private final Set<DeviceName> moved = new LinkedHashSet<>();
  private final Set<DeviceName> staged = new LinkedHashSet<>();
  // flights that were begun and not collected, and the streams that they belong to
  private final Map<DeviceName, String> flying = new LinkedHashMap<>();
  // at the end of the plan one flight after the other is collected, under this number; 0 if none is
  private long collectingPoint;
  private final List<DeviceName> bundleDevices = new ArrayList<>();
  // moves that were stopped while a point was completed, to be made again
  private final List<Step> stoppedMoves = new ArrayList<>();
  private String bundleStream;
  private Value answer = Value.None.NONE;
  private Refusal failure;
  private boolean pauseAsked;
  private boolean runOpen;
  private boolean runOpened;

  private Wait wait = Wait.NOTHING;
  private String waitGroup = "";
  private long waitToken;
  private long waitSince;
  private long lastToken;
  private long lastPoint;
  private long instructions;
  private Step current;
  private boolean locating;
  private long given;
  private long openedAt;
  private long logged;

  PlanInterpreter(Steps steps, PlanEffects effects, int lookAhead, LongSupplier nanoTime) {
    this.steps = steps;
    this.effects = effects;
    this.lookAhead = lookAhead;
    this.nanoTime = nanoTime;
  }

  // ------------------------------------------------------------------ going on after a crash

  /**
   * Runs through the plan without touching anything, up to the first instruction whose result the
   * log does not hold, and prepares to go on from the checkpoint before it: devices staged again,
   * motors where the plan had left them. Then {@link #rewindable()} says whether that is safe.
   */
  void recover(RunProgress progress) {
    Map<String, Long> saved = new HashMap<>();
    Value recorded = Value.None.NONE;
    boolean atLimit = false;
    while (!atLimit) {
      Instruction next = steps.next(recorded);
      recorded = Value.None.NONE;
      if (next == null) {
        break;
      }
      Step step = new Step(next, instructions++);
      if (next instanceof Instruction.OpenRun) {
        atLimit = progress.start() == null;
        runOpen = runOpened = !atLimit;
      } else if (next instanceof Instruction.Locate) {
        recorded = progress.answers().get(step.number());
        atLimit = recorded == null;
        if (!atLimit) {
          rememberOrigin(((Instruction.Locate) next).device(), recorded);
        }
      } else if (next instanceof Instruction.Collect collect) {
        recorded = progress.answers().get(step.number());
        atLimit = recorded == null;
        if (!atLimit) {
          flying.remove(collect.device());
        }
      } else if (next instanceof Instruction.Save) {
        atLimit =
            !bundleDevices.isEmpty()
                && saved.merge(bundleStream, 1L, Long::sum) > progress.lastSeqNum(bundleStream);
      } else if (next instanceof Instruction.CloseRun) {
        atLimit = !progress.closed();
        runOpen = atLimit;
      } else {
        passOver(next);
      }
      if (atLimit) {
        sinceCheckpoint.add(step);
      } else if (durable(next)) {
        passCheckpoint(next);
      } else if (!(next instanceof Instruction.Pause)) {
        sinceCheckpoint.add(step);
      }
    }
    prepareToGoOn();
  }

  /** The run is open, but nothing of its plan is executed any more. */
  void takeOverRun() {
    runOpen = runOpened = true;
  }

  private void passOver(Instruction next) {
    if (next instanceof Instruction.Stage stage) {
      staged.add(stage.device());
    } else if (next instanceof Instruction.Unstage unstage) {
      staged.remove(unstage.device());
    } else if (next instanceof Instruction.Create create) {
      bundleStream = create.stream();
      bundleDevices.clear();
    } else if (next instanceof Instruction.Read read) {
      bundleDevices.add(read.device());
    } else if (next instanceof Instruction.Checkpoint) {
      rewindable = flying.isEmpty();
    } else if (next instanceof Instruction.Kickoff kickoff) {
      flying.put(kickoff.device(), kickoff.stream());
      moved.add(kickoff.device());
      rewindable = false;
    } else if (next instanceof Instruction.ClearCheckpoint) {
      rewindable = false;
    }
  }

  /** Whether nothing before this instruction is executed again once it is done. */
  private static boolean durable(Instruction next) {
    return next instanceof Instruction.Save
        || next instanceof Instruction.Locate
        || next instanceof Instruction.Collect
        || next instanceof Instruction.Stage
        || next instanceof Instruction.Unstage
        || next instanceof Instruction.OpenRun
        || next instanceof Instruction.CloseRun
        || next instanceof Instruction.Checkpoint;
  }

  /** What came before is not repeated: its moves have been made. */
  private void passCheckpoint(Instruction done) {
    for (Step step : sinceCheckpoint) {
      if (step.instruction() instanceof Instruction.Set set) {
        positions.put(set.device(), set.setpoint());
      }
    }
    if (done instanceof Instruction.Save) {
      keepUnread();
    } else {
      sinceCheckpoint.clear();
    }
  }

  /**
   * A point is there, and is not taken again. But what was triggered with it and belongs to a point
   * that still comes is triggered again, if the plan goes back: a device that was staged anew has
   * measured nothing.
   */
  private void keepUnread() {
    Set<DeviceName> read = new HashSet<>();
    for (Step step : sinceCheckpoint) {
      if (step.instruction() instanceof Instruction.Read one) {
        read.add(one.device());
      }
    }
    Set<String> groups = new HashSet<>();
    sinceCheckpoint.removeIf(
        step -> {
          if (step.instruction() instanceof Instruction.Trigger trigger
              && !read.contains(trigger.device())) {
            groups.add(trigger.group());
            return false;
          }
          return !(step.instruction() instanceof Instruction.Wait waits
              && groups.contains(waits.group()));
        });
  }

  private void prepareToGoOn() {
    staged.forEach(device -> replay.add(new Step(new Instruction.Stage(device), UNNUMBERED)));
    Set<DeviceName> setAnyway = setBeforeItMatters();
    boolean moving = false;
    for (Map.Entry<DeviceName, Value> position : positions.entrySet()) {
      if (runOpen && !setAnyway.contains(position.getKey())) {
        replay.add(
            new Step(
                new Instruction.Set(position.getKey(), position.getValue(), RESUME_GROUP),
                UNNUMBERED));
        moving = true;
      }
    }
    if (moving) {
      replay.add(new Step(new Instruction.Wait(RESUME_GROUP), UNNUMBERED));
    }
    replay.addAll(sinceCheckpoint);
    moved.addAll(positions.keySet());
    for (Step step : sinceCheckpoint) {
      if (step.instruction() instanceof Instruction.Set set) {
        moved.add(set.device());
      }
    }
    sinceCheckpoint.clear();
    bundleStream = null;
    bundleDevices.clear();
  }

  /** The devices that are moved again before anything is measured: no need to move them twice. */
  private Set<DeviceName> setBeforeItMatters() {
    Set<DeviceName> set = new LinkedHashSet<>();
    for (Step step : sinceCheckpoint) {
      if (step.instruction() instanceof Instruction.Set one) {
        set.add(one.device());
      } else if (step.instruction() instanceof Instruction.Trigger
          || step.instruction() instanceof Instruction.Read) {
        break;
      }
    }
    return set;
  }

  // ------------------------------------------------------------------ executing

  /**
   * Executes instructions until one must be waited for, the plan ends, fails or stands at a pause.
   */
  Outcome advance() {
    while (true) {
      if (failure != null) {
        return Outcome.FAILED;
      }
      if (wait != Wait.NOTHING && !waitIsOver()) {
        return Outcome.WAITING;
      }
      wait = Wait.NOTHING;
      current = replay.pollFirst();
      if (current == null) {
        Instruction planned = steps.next(answer);
        if (planned == null) {
          return Outcome.ENDED;
        }
        current = new Step(planned, instructions++);
      }
      answer = Value.None.NONE;
      Instruction next = current.instruction();
      if (next instanceof Instruction.Checkpoint) {
        sinceCheckpoint.clear();
        rewindable = flying.isEmpty();
        if (pauseAsked && pending.isEmpty() && flying.isEmpty()) {
          return Outcome.AT_PAUSE;
        }
        if (given - logged > lookAhead) {
          begin(Wait.LOG);
        }
      } else if (next instanceof Instruction.Pause pause) {
        if (!pause.deferred()) {
          return Outcome.AT_PAUSE;
        }
        pauseAsked = true;
      } else {
        sinceCheckpoint.add(current);
        execute(next);
      }
    }
  }

  private boolean waitIsOver() {
    return switch (wait) {
      case GROUP -> groupDone(waitGroup);
      case TOKEN -> !pending.containsKey(waitToken);
      case LOG -> given - logged <= lookAhead / 2;
      case CLOSED -> logged >= given;
      case POINT, NOTHING -> false;
    };
  }

  private boolean groupDone(String group) {
    for (Pending one : pending.values()) {
      if (one.group().equals(group)) {
        return false;
      }
    }
    return true;
  }

  private void execute(Instruction next) {
    if (next instanceof Instruction.Set set) {
      positions.put(set.device(), set.setpoint());
      moved.add(set.device());
      effects.set(set.device(), set.setpoint(), expect(set.group(), set.device()));
    } else if (next instanceof Instruction.Wait waitFor) {
      if (!groupDone(waitFor.group())) {
        waitGroup = waitFor.group();
        begin(Wait.GROUP);
      }
    } else if (next instanceof Instruction.Trigger trigger) {
      effects.trigger(trigger.device(), expect(trigger.group(), trigger.device()));
    } else if (next instanceof Instruction.Create create) {
      require(bundleStream == null, "a point was begun before the last one was saved");
      require(runOpen, "a point was begun outside a run");
      bundleStream = create.stream();
      bundleDevices.clear();
      lastPoint++;
    } else if (next instanceof Instruction.Read read) {
      require(bundleStream != null, "device '" + read.device() + "' was read outside a point");
      bundleDevices.add(read.device());
      effects.read(read.device(), lastPoint);
    } else if (next instanceof Instruction.Save) {
      require(bundleStream != null, "a point was saved that was not begun");
      String stream = bundleStream;
      bundleStream = null;
      if (!bundleDevices.isEmpty()) {
        effects.bundle(lastPoint, stream, bundleDevices);
        begin(Wait.POINT);
      }
    } else if (next instanceof Instruction.Drop) {
      dropPoint();
    } else if (next instanceof Instruction.Kickoff
        || next instanceof Instruction.Complete
        || next instanceof Instruction.Collect) {
      executeFlight(next);
    } else {
      executeRare(next);
    }
  }

  private void executeFlight(Instruction next) {
    if (next instanceof Instruction.Kickoff kickoff) {
      DeviceName device = kickoff.device();
      require(runOpen, "device '" + device + "' was kicked off outside a run");
      require(!flying.containsKey(device), "device '" + device + "' was kicked off twice");
      flying.put(device, kickoff.stream());
      moved.add(device);
      rewindable = false;
      sinceCheckpoint.clear();
      effects.kickoff(device, kickoff.settings(), expect(kickoff.group(), device));
    } else if (next instanceof Instruction.Complete complete) {
      effects.complete(complete.device(), expect(complete.group(), complete.device()));
    } else if (next instanceof Instruction.Collect collect) {
      require(bundleStream == null, "a flight was collected inside a point");
      String stream = flying.get(collect.device());
      require(stream != null, "device '" + collect.device() + "' was not kicked off");
      lastPoint++;
      bundleDevices.clear();
      bundleDevices.add(collect.device());
      begin(Wait.POINT);
      effects.collect(collect.device(), stream, lastPoint);
    }
  }

  private void executeRare(Instruction next) {
    if (next instanceof Instruction.OpenRun open) {
      require(!runOpened, "a second run in one plan");
      effects.openRun(open.metadata());
      openedAt = ++given;
      runOpen = runOpened = true;
      sinceCheckpoint.clear();
    } else if (next instanceof Instruction.CloseRun close) {
      require(runOpen, "a run was closed that is not open");
      closeRun(close.exitStatus(), close.reason());
      sinceCheckpoint.clear();
    } else if (next instanceof Instruction.Stage stage) {
      staged.add(stage.device());
      waitToken = expect("", stage.device());
      effects.stage(stage.device(), waitToken);
      begin(Wait.TOKEN);
      sinceCheckpoint.clear();
    } else if (next instanceof Instruction.Unstage unstage) {
      staged.remove(unstage.device());
      waitToken = expect("", unstage.device());
      effects.unstage(unstage.device(), waitToken);
      begin(Wait.TOKEN);
      sinceCheckpoint.clear();
    } else if (next instanceof Instruction.Locate locate) {
      waitToken = expect("", locate.device());
      locating = true;
      effects.locate(locate.device(), waitToken);
      begin(Wait.TOKEN);
    } else if (next instanceof Instruction.Sleep sleep) {
      waitToken = expect("", null);
      effects.sleep(sleep.seconds(), waitToken);
      begin(Wait.TOKEN);
    } else if (next instanceof Instruction.ClearCheckpoint) {
      rewindable = false;
      sinceCheckpoint.clear();
    }
  }

  /** Writes the stop document; {@link #advance()} then waits until it is durable. */
  void closeRun(String exitStatus, String reason) {
    effects.closeRun(exitStatus, reason);
    given++;
    runOpen = false;
    begin(Wait.CLOSED);
  }

  private void dropPoint() {
    effects.drop(lastPoint);
    bundleStream = null;
    bundleDevices.clear();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException("the plan is wrong: " + otherwise);
    }
  }

  private long expect(String group, DeviceName device) {
    pending.put(++lastToken, new Pending(group, device, current));
    return lastToken;
  }

  private void begin(Wait next) {
    wait = next;
    waitSince = nanoTime.getAsLong();
  }

  // ------------------------------------------------------------------ what came in

  /** A command is done, or a sleep is over. */
  void onDone(long token) {
    if (pending.remove(token) == null) {
      abandoned.remove(token);
    }
  }

  /**
   * A plan that asks inside its run where a device is will move it relative to that: a plain
   * relative move has no run.
   */
  private void rememberOrigin(DeviceName device, Value located) {
    if (runOpen && located instanceof Value.Fields fields) {
      Value setpoint = fields.get(Instruction.Locate.SETPOINT);
      boolean usable = setpoint != null && Double.isFinite(setpoint.asDouble());
      origins.put(device, usable ? setpoint : fields.get(Instruction.Locate.READBACK));
    }
  }

  /** A device was located. */
  void onLocated(long token, Value setpoint, Value readback) {
    abandoned.remove(token);
    if (pending.remove(token) != null && locating && token == waitToken) {
      locating = false;
      answer = new Value.Fields(Map.of("setpoint", setpoint, "readback", readback));
      effects.recordAnswer(current.number(), answer);
      if (current.instruction() instanceof Instruction.Locate locate) {
        rememberOrigin(locate.device(), answer);
      }
      given++;
      sinceCheckpoint.clear();
    }
  }

  /** A command has failed. */
  void onFailed(long token, Refusal problem) {
    if (pending.remove(token) != null) {
      fail(problem);
      return;
    }
    Pending interrupted = abandoned.remove(token);
    // a move that was stopped is made again, but a device that could not be staged is of no use
    if (interrupted != null
        && interrupted.step() != null
        && interrupted.step().instruction() instanceof Instruction.Stage) {
      fail(problem);
    }
  }

  /** The plan can't go on. The first reason is kept. */
  void fail(Refusal problem) {
    if (failure == null) {
      failure = problem;
    }
  }

  /** All readings of a point are there. */
  void onPointTaken(long point) {
    // it will be counted as logged, even if the plan is over meanwhile
    given++;
    if (point == lastPoint && wait == Wait.POINT) {
      wait = Wait.NOTHING;
      keepUnread();
    }
  }

  /** So many events of a flight are there. */
  void onCollected(long point, long events) {
    // they will be counted as logged, even if the plan is over meanwhile
    given += events;
    if (point == collectingPoint) {
      flightOver();
      return;
    }
    if (point == lastPoint
        && wait == Wait.POINT
        && current.instruction() instanceof Instruction.Collect collect) {
      wait = Wait.NOTHING;
      flying.remove(collect.device());
      bundleDevices.clear();
      answer = Value.of(events);
      effects.recordAnswer(current.number(), answer);
      given++;
      sinceCheckpoint.clear();
    }
  }

  /**
   * Asks for what flights have gathered that the plan did not collect, one after the other; the
   * answers come as usual.
   */
  void collectFlights() {
    if (!runOpen) {
      flying.clear();
    }
    if (collectingPoint == 0 && !flying.isEmpty()) {
      Map.Entry<DeviceName, String> next = flying.entrySet().iterator().next();
      DeviceName device = next.getKey();
      String stream = next.getValue();
      flying.remove(device);
      collectingPoint = ++lastPoint;
      effects.collect(device, stream, lastPoint);
    }
  }

  /** Whether flights are being collected at the end of the plan. */
  boolean collecting() {
    return collectingPoint != 0;
  }

  /** Flights have had time enough to give what they have. */
  void forgetFlights() {
    if (collectingPoint != 0) {
      effects.drop(collectingPoint);
    }
    collectingPoint = 0;
    flying.clear();
  }

  private void flightOver() {
    collectingPoint = 0;
    collectFlights();
  }

  /** A point can't be completed. */
  void onPointFailed(long point, Refusal problem) {
    if (point == collectingPoint) {
      flightOver();
      return;
    }
    if (point == lastPoint) {
      wait = Wait.NOTHING;
      dropPoint();
      fail(problem);
    }
  }

  /** A point can't be completed, since one of its devices is gone: it is to be taken again. */
  void onPointLost(long point) {
    if (point == lastPoint && wait == Wait.POINT) {
      wait = Wait.NOTHING;
      dropPoint();
    }
  }

  /** So many entries of the run are durable. */
  void onLogged(long entries) {
    logged = entries;
  }

  /** Stand at the next checkpoint, or don't any more. */
  void askPause(boolean pause) {
    pauseAsked = pause;
  }

  // ------------------------------------------------------------------ interruption

  /**
   * Whether the plan can be interrupted here: a point or a stop document that is under way is
   * completed first.
   */
  boolean interruptible() {
    return wait != Wait.POINT && (wait != Wait.CLOSED || allLogged());
  }

  /**
   * Stops what moves, forgets what was waited for, and prepares to go on from the last checkpoint.
   */
  void interrupt() {
    standStill();
    if (bundleStream != null) {
      dropPoint();
    }
    List<Step> again = new ArrayList<>(stoppedMoves);
    again.removeAll(sinceCheckpoint);
    again.addAll(sinceCheckpoint);
    stoppedMoves.clear();
    locating = false;
    wait = Wait.NOTHING;
    replayFirst(again);
    sinceCheckpoint.clear();
  }

  /** Stops what moves; the moves are made again after the interruption that must follow. */
  void standStill() {
    stopAll();
    new TreeMap<>(pending)
        .values().stream()
            .map(Pending::step)
            .filter(step -> step != null && step.instruction() instanceof Instruction.Set)
            .forEach(stoppedMoves::add);
    abandonPending();
  }

  private void abandonPending() {
    pending.forEach(
        (token, one) -> {
          if (one.device() != null) {
            abandoned.put(token, one);
          }
        });
    pending.clear();
  }

  /**
   * The device is lost: it won't answer any more. What it was told is done again when it is back;
   * for an unstaging nobody else remembers that.
   */
  void gone(DeviceName device) {
    abandoned
        .values()
        .removeIf(
            one -> {
              if (!device.equals(one.device())) {
                return false;
              }
              if (one.step() != null && one.step().instruction() instanceof Instruction.Unstage) {
                replay.addFirst(one.step());
              }
              return true;
            });
  }

  /** Whether this command has not been answered yet. */
  boolean awaits(long token) {
    return pending.containsKey(token) || abandoned.containsKey(token);
  }

  /** Interrupted devices have had time enough to say that they stand. */
  void forgetStopping() {
    abandoned.clear();
  }

  /**
   * These devices have started anew: stage them again and bring them back to where the plan had
   * them.
   */
  void startedAnew(Set<DeviceName> devices) {
    List<Step> again = new ArrayList<>();
    boolean moving = false;
    for (DeviceName device : devices) {
      Step stage = new Step(new Instruction.Stage(device), UNNUMBERED);
      if (staged.contains(device) && !replay.contains(stage)) {
        again.add(stage);
      }
    }
    for (DeviceName device : devices) {
      if (positions.containsKey(device)) {
        again.add(
            new Step(new Instruction.Set(device, positions.get(device), RESUME_GROUP), UNNUMBERED));
        moving = true;
      }
    }
    if (moving) {
      again.add(new Step(new Instruction.Wait(RESUME_GROUP), UNNUMBERED));
    }
    replayFirst(again);
  }

  private void replayFirst(List<Step> again) {
    for (int i = again.size() - 1; i >= 0; i--) {
      replay.addFirst(again.get(i));
    }
  }

  /** Stops every device that was moved or is busy for this plan. */
  void stopAll() {
    Set<DeviceName> devices = new LinkedHashSet<>(moved);
    pending.values().stream()
        .filter(one -> one.device() != null)
        .forEach(one -> devices.add(one.device()));
    devices.forEach(effects::stop);
  }

  /** The plan is over, however: stops everything and forgets what was waited for. */
  void end() {
    stopAll();
    if (wait == Wait.POINT && current.instruction() instanceof Instruction.Collect collect) {
      // what the device has given for it, it gives no second time
      flying.remove(collect.device());
      collectingPoint = lastPoint;
    } else if (wait == Wait.POINT || bundleStream != null) {
      dropPoint();
    }
    abandonPending();
    locating = false;
    wait = Wait.NOTHING;
  }

  /** Moves what a relative scan has moved back to where it was; the answers come as usual. */
  void goBack() {
    abandoned.clear();
    origins.forEach((device, origin) -> effects.set(device, origin, expect("", device)));
  }

  /** Unstages what is still staged; the answers come as usual. */
  void unstageAll() {
    abandoned.clear();
    for (DeviceName device : List.copyOf(staged)) {
      effects.unstage(device, expect("", device));
    }
    staged.clear();
  }

  // ------------------------------------------------------------------ what is known

  /** Why it failed. */
  Refusal failure() {
    return failure;
  }

  /** Whether it can be gone back to the last checkpoint; after {@code ClearCheckpoint} it can't. */
  boolean rewindable() {
    return rewindable;
  }

  /** Whether the run is open. */
  boolean runOpen() {
    return runOpen;
  }

  /** Whether the start document is durable. */
  boolean openDurable() {
    return runOpened && logged >= openedAt;
  }

  /** Whether this plan has opened its run. */
  boolean runOpened() {
    return runOpened;
  }

  /** Whether commands are under way. */
  boolean busy() {
    return !pending.isEmpty();
  }

  /** Whether interrupted devices have not said yet that they stand. */
  boolean stopping() {
    return !abandoned.isEmpty();
  }

  /** Whether a point is being read that this device is part of. */
  boolean reads(DeviceName device) {
    return wait == Wait.POINT && bundleDevices.contains(device);
  }

  /** The number of the newest point. */
  long point() {
    return lastPoint;
  }

  /** Whether everything given to the log is durable. */
  boolean allLogged() {
    return logged >= given;
  }

  /** Whether the log has kept the plan waiting for so long. */
  boolean logSilent(long nanos) {
    return (wait == Wait.LOG || wait == Wait.CLOSED) && nanoTime.getAsLong() - waitSince > nanos;
  }

  /** What is waited for and for how long, or null if it is not too long yet. */
  String overdue(long readNanos, long stepNanos) {
    long waited = nanoTime.getAsLong() - waitSince;
    if (wait == Wait.POINT && waited > readNanos) {
      return "the readings of a point of " + bundleDevices + " did not all come";
    }
    if ((wait == Wait.GROUP || (wait == Wait.TOKEN && pendingDevice() != null))
        && waited > stepNanos) {
      return "no end of "
          + (wait == Wait.GROUP ? "group '" + waitGroup + "'" : "device '" + pendingDevice() + "'");
    }
    return null;
  }

  private DeviceName pendingDevice() {
    Pending one = pending.get(waitToken);
    return one == null ? null : one.device();
  }
}

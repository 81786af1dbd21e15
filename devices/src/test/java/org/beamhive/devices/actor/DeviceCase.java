package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.ReadFailed;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.Located;
import org.beamhive.protocol.device.DeviceProtocol.ReadReply;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;

/**
 * One device actor over one device of a control system that misbehaves, and some workers that do
 * what workers may do: all of it by the dice, and all of it on one thread and one clock, so that a
 * seed gives the same case each time.
 */
final class DeviceCase {
  private static final List<String> KINDS =
      List.of("EpicsMotor", "EpicsMotor", "EpicsMotor", "EpicsSignal", "SimMotor");

  private final Random random;
  private final Stage stage;
  private final Consumer<String> trace;
  private final SettableSimClock clock = new SettableSimClock(1000);
  private final FaultyIoc ioc;
  private final SimNamespace sim = new SimNamespace(clock);
  private final String kind;
  private final Map<Long, Asked> asked = new LinkedHashMap<>();
  private final List<Worker> workers = new ArrayList<>();
  private final List<ActorRef<?>> actors = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final ActorRef<Object> ear;
  private final DeviceEpochs epochs = new DeviceEpochs();
  private final Map<Double, Epoch> epochOfTarget = new LinkedHashMap<>();
  private final DevicesSettings settings;
  private ActorRef<Command> device;
  private long tokens;
  private long newest;
  private int putsSeen;
  private boolean leftMoving;
  // the newest worker that has been told that it has the device: no older one moves it from then
  private Epoch fence = new Epoch(0);

  /** Where the actors of a case live: everything there runs on the thread of who tells. */
  interface Stage {
    <T> ActorRef<T> spawn(akka.actor.typed.Behavior<T> behavior);

    void stop(ActorRef<?> actor);

    void use(SettableSimClock clock);
  }

  /** A command and its answers. */
  private static final class Asked {
    private final String what;
    private final double target;
    private final double at;
    private final int meddledBefore;
    private int answers;

    Asked(String what, double target, double at, int meddledBefore) {
      this.what = what;
      this.target = target;
      this.at = at;
      this.meddledBefore = meddledBefore;
    }

    boolean interruptible() {
      return what.startsWith("Set") || what.startsWith("Trigger");
    }
  }

  private static final class Worker {
    private final Epoch epoch;
    private final ActorRef<Object> ref;
    private boolean silent;
    private boolean dead;

    Worker(Epoch epoch, ActorRef<Object> ref) {
      this.epoch = epoch;
      this.ref = ref;
    }
  }

  DeviceCase(long seed, DevicesSettings base, Stage stage, Consumer<String> trace) {
    this.random = new Random(seed);
    this.stage = stage;
    this.trace = text -> trace.accept("%9.3f  %s".formatted(clockSeconds() - 1000, text));
    stage.use(clock);
    ioc = new FaultyIoc(clock, random, FaultyIoc.Temper.of(random), this.trace);
    kind = KINDS.get(random.nextInt(KINDS.size()));
    settings = new SimDeadlines(clock).on(base);
    ear = spawn(message -> hear(message));
    device = start();
  }

  private double clockSeconds() {
    return clock.seconds();
  }

  private ActorRef<Object> spawn(Consumer<Object> hear) {
    ActorRef<Object> ref =
        stage.spawn(
            Behaviors.receiveMessage(
                message -> {
                  hear.accept(message);
                  return Behaviors.same();
                }));
    actors.add(ref);
    return ref;
  }

  private ActorRef<Command> start() {
    DeviceBackends backends = new DeviceBackends(() -> ioc, sim, settings.timeouts());
    DeviceConfig config =
        switch (kind) {
          case "EpicsMotor" -> config("prefix", Value.of("m"));
          case "EpicsSignal" -> config("read_pv", Value.of("s"));
          default -> config("velocity", Value.of(10.0));
        };
    DeviceTypes types = DeviceTypes.standard();
    ActorRef<Command> started =
        stage.spawn(
            DeviceActor.create(
                config,
                new HutchName("a"),
                () -> config.make(types, backends),
                settings,
                ear.narrow(),
                new HutchWatch(ear.narrow(), epochs),
                DeviceMeasures.NONE));
    actors.add(started);
    return started;
  }

  private DeviceConfig config(String key, Value value) {
    return DeviceConfig.of("x", kind, new Value.Fields(Map.of(key, value)));
  }

  // ---------------------------------------------------------------- the case

  /** Plays it; what did not hold, or nothing. */
  List<String> play() {
    trace.accept("a " + kind);
    int steps = 3 + random.nextInt(16);
    for (int step = 0; step < steps && violations.isEmpty(); step++) {
      pass(pause());
      act();
    }
    comeToRest();
    actors.forEach(stage::stop);
    return violations;
  }

  private double pause() {
    return switch (random.nextInt(6)) {
      case 0 -> 0;
      case 1 -> random.nextDouble() * 0.003;
      case 2, 3 -> random.nextDouble() * 0.3;
      case 4 -> random.nextDouble() * 2;
      default -> random.nextInt(8) == 0 ? random.nextDouble() * 15 : 0.5;
    };
  }

  /** Time goes by; workers that are alive say so. */
  private void pass(double seconds) {
    double until = clock.seconds() + seconds;
    while (clock.seconds() < until - 1e-9 && violations.isEmpty()) {
      double step = Math.min(0.9, until - clock.seconds());
      clock.advance(Duration.ofNanos((long) (step * 1e9) + 1));
      // the newest and the one before it, which must not be heard any more
      for (Worker worker : workers.subList(Math.max(0, workers.size() - 2), workers.size())) {
        if (!worker.dead && !worker.silent) {
          device.tell(new KeepAlive(worker.epoch, worker.ref.narrow()));
        }
      }
      look();
    }
  }

  private void act() {
    int dice = random.nextInt(100);
    if (dice < 12) {
      attach(new Epoch(++newest));
    } else if (dice < 15) {
      attach(new Epoch(Math.max(1, newest - random.nextInt(2))));
    } else if (dice < 42) {
      set(epoch());
    } else if (dice < 60) {
      command(epoch());
    } else if (dice < 68) {
      stop();
    } else if (dice < 80) {
      misbehave();
    } else {
      ioc(random.nextInt(9));
    }
    look();
  }

  /** Mostly the newest worker speaks, at times one that has a successor. */
  private Epoch epoch() {
    return new Epoch(Math.max(1, newest - (random.nextInt(6) == 0 ? 1 : 0)));
  }

  private void attach(Epoch epoch) {
    newest = Math.max(newest, epoch.value());
    long token = ask("Attach for epoch " + epoch.value(), Double.NaN);
    Worker worker = new Worker(epoch, spawn(this::hear));
    workers.add(worker);
    ActorRef<AttachReply> reply =
        spawn(
                message -> {
                  trace.accept("reply to Attach " + token + ": " + brief(message));
                  answered(token);
                  if (message instanceof Attached) {
                    fence = epoch.compareTo(fence) > 0 ? epoch : fence;
                  }
                })
            .narrow();
    device.tell(new DeviceProtocol.Attach(epoch, worker.ref.narrow(), reply));
  }

  private long set(Epoch epoch) {
    double target = Math.round((random.nextDouble() * 40 - 20) * 1000) / 1000.0 + tokens * 1e-7;
    epochOfTarget.put(target, epoch);
    long token = ask("Set to " + target + " by epoch " + epoch.value(), target);
    device.tell(new DeviceProtocol.Set(epoch, Value.of(target), token, ear.narrow()));
    return token;
  }

  private void command(Epoch epoch) {
    ActorRef<Reply> reply = ear.narrow();
    switch (random.nextInt(8)) {
      case 0 -> device.tell(new DeviceProtocol.Stage(epoch, ask("Stage", Double.NaN), reply));
      case 1 -> device.tell(new DeviceProtocol.Unstage(epoch, ask("Unstage", Double.NaN), reply));
      case 2 -> device.tell(new DeviceProtocol.Trigger(epoch, ask("Trigger", Double.NaN), reply));
      case 3 -> device.tell(new DeviceProtocol.Locate(epoch, ask("Locate", Double.NaN), reply));
      case 4 -> {
        long token = ask("ReadNow", Double.NaN);
        ActorRef<ReadReply> once = spawn(message -> answered(token)).narrow();
        device.tell(new DeviceProtocol.ReadNow(once));
      }
      case 5 -> {
        long token = ask("GetView", Double.NaN);
        ActorRef<DeviceProtocol.View> once = spawn(message -> answered(token)).narrow();
        device.tell(new DeviceProtocol.GetView(once));
      }
      default -> device.tell(new DeviceProtocol.Read(epoch, ask("Read", Double.NaN), ear.narrow()));
    }
  }

  /** Everything that moves or measures is answered before a stop is: it is handled at once. */
  private void stop() {
    boolean theirs = random.nextInt(4) == 0;
    trace.accept(theirs ? "StopFor the newest" : "Stop");
    int before = ioc.stopsSent;
    boolean open = ioc.canStop();
    device.tell(theirs ? new DeviceProtocol.StopFor(new Epoch(newest)) : DeviceProtocol.Stop.STOP);
    for (Map.Entry<Long, Asked> each : asked.entrySet()) {
      if (each.getValue().interruptible() && each.getValue().answers == 0) {
        violations.add("a stop left unanswered: " + each.getKey() + " " + each.getValue().what);
      }
    }
    if (kind.equals("EpicsMotor") && open && ioc.stopsSent == before) {
      violations.add("a stop was not sent");
    }
    if (kind.equals("SimMotor")) {
      double at = sim.pv("x").value().asDouble();
      clock.advance(Duration.ofMillis(200));
      if (sim.pv("x").value().asDouble() != at) {
        violations.add("the motor moves after a stop");
      }
    }
  }

  private void misbehave() {
    Worker last = workers.isEmpty() ? null : workers.get(workers.size() - 1);
    switch (random.nextInt(6)) {
      case 0 -> {
        if (last != null && !last.dead) {
          trace.accept("the worker of epoch " + last.epoch.value() + " dies");
          last.dead = true;
          stage.stop(last.ref);
        }
      }
      case 1 -> {
        if (last != null) {
          last.silent = !last.silent;
          trace.accept("the worker is silent: " + last.silent);
        }
      }
      case 2 -> {
        trace.accept("Detach");
        device.tell(new DeviceProtocol.Detach(epoch()));
      }
      case 3 -> device.tell(new DeviceActor.StrayFound("a node has died"));
      case 4 -> {
        trace.accept("handed over to another node");
        device.tell(DeviceActor.Park.PARK);
        pass(settings.parkTimeout().toSeconds() + 1);
        everythingIsAnswered();
        device = start();
      }
      default -> device.tell(DeviceProtocol.Wake.WAKE);
    }
  }

  private void ioc(int what) {
    trace.accept("control system: " + what);
    switch (what) {
      case 0 -> ioc.breakCircuit(0);
      case 1 -> ioc.breakCircuit(1);
      case 2 -> {
        ioc.breakCircuit(0);
        ioc.breakCircuit(1);
        sim.pv("x").connect(false);
      }
      case 3 -> ioc.cutOne();
      case 4 -> ioc.restart();
      case 5 -> ioc.meddle();
      default -> {
        ioc.mendCircuit(0);
        ioc.mendCircuit(1);
        ioc.mendAll();
        sim.pv("x").connect(true);
      }
    }
  }

  // ---------------------------------------------------------------- what must hold

  private long ask(String what, double target) {
    long token = ++tokens;
    trace.accept("ask " + token + ": " + what);
    asked.put(token, new Asked(what, target, clock.seconds(), ioc.meddled));
    return token;
  }

  private void hear(Object message) {
    if (message instanceof Done done) {
      Asked command = asked.get(done.token());
      trace.accept("done " + done.token());
      if (command.what.startsWith("Set")) {
        checkThatItIsThere(command);
      }
      answered(done.token());
    } else if (message instanceof Failed failed) {
      trace.accept("failed " + failed.token() + ": " + failed.problem().text());
      answered(failed.token());
    } else if (message instanceof Located located) {
      answered(located.token());
    } else if (message instanceof DeviceRead read) {
      answered(read.point());
    } else if (message instanceof ReadFailed failed) {
      answered(failed.point());
    } else if (message instanceof HutchGuard.LeftMoving) {
      leftMoving = true;
    } else if (message instanceof HutchGuard.DeviceReady && leftMoving) {
      leftMoving = false;
      device.tell(new DeviceActor.StrayFound("it was cut off while it moved"));
    }
  }

  private static String brief(Object message) {
    return message instanceof DeviceProtocol.NotAttached not
        ? not.problem().text()
        : message.getClass().getSimpleName();
  }

  private void answered(long token) {
    Asked command = asked.get(token);
    command.answers++;
    if (command.answers > 1) {
      violations.add("answered twice: " + token + " " + command.what);
    }
  }

  private void checkThatItIsThere(Asked set) {
    if (ioc.meddled != set.meddledBefore) {
      // where somebody else moves it, too, it may have been there and gone again
      return;
    }
    boolean there =
        switch (kind) {
          case "EpicsMotor" -> ioc.atRestAt(set.target);
          case "EpicsSignal" -> ioc.plain() == set.target;
          default -> sim.pv("x").value().asDouble() == set.target;
        };
    if (!there) {
      violations.add("said to be done, and is not: " + set.what);
    }
  }

  /** No put of a worker is sent that has a successor which has the device. */
  private void look() {
    while (putsSeen < ioc.puts.size()) {
      double target = ioc.puts.get(putsSeen++);
      Epoch epoch = epochOfTarget.get(target);
      if (epoch != null && epoch.compareTo(fence) < 0) {
        violations.add("moved for epoch " + epoch.value() + " after " + fence.value());
      }
    }
  }

  private void everythingIsAnswered() {
    asked.forEach(
        (token, command) -> {
          if (command.answers == 0) {
            violations.add(
                "never answered: %d %s, asked at %.3f"
                    .formatted(token, command.what, command.at - 1000));
          }
        });
  }

  /** The faults end: all is answered, nothing moves, and the device works as if new. */
  private void comeToRest() {
    if (!violations.isEmpty()) {
      return;
    }
    trace.accept("all is well again");
    ioc.heal();
    sim.pv("x").connect(true);
    workers.forEach(worker -> worker.silent = true);
    // until what is late has come
    pass(9);
    double until = clock.seconds() + 51;
    while (clock.seconds() < until && violations.isEmpty() && !quiet()) {
      pass(0.9);
    }
    everythingIsAnswered();
    if (ioc.inMotion() && ioc.meddled == 0) {
      violations.add("the motor still moves, for nobody");
    }
    if (!violations.isEmpty()) {
      return;
    }
    ioc.stopQuietly();
    newest++;
    for (int tries = 0; tries < 10 && fence.value() < newest && violations.isEmpty(); tries++) {
      attach(new Epoch(newest));
      passUntilAnswered(tokens, 6);
      requireAnswer(tokens, "a new worker is not answered");
      if (fence.value() < newest) {
        pass(0.9);
      }
    }
    long set = set(new Epoch(newest));
    double target = asked.get(set).target;
    passUntilAnswered(set, 20);
    requireAnswer(set, "a move of a new worker is not answered");
    DoubleSupplier where =
        switch (kind) {
          case "EpicsMotor" -> () -> ioc.atRestAt(target) ? target : Double.NaN;
          case "EpicsSignal" -> ioc::plain;
          default -> () -> sim.pv("x").value().asDouble();
        };
    if (violations.isEmpty() && where.getAsDouble() != target) {
      violations.add("the device does not work again");
    }
  }

  private boolean quiet() {
    return !ioc.inMotion() && asked.values().stream().allMatch(command -> command.answers > 0);
  }

  private void passUntilAnswered(long token, double atMost) {
    double until = clock.seconds() + atMost;
    while (clock.seconds() < until && violations.isEmpty() && asked.get(token).answers == 0) {
      pass(0.5);
    }
  }

  private void requireAnswer(long token, String otherwise) {
    if (asked.get(token).answers == 0) {
      violations.add(otherwise);
    }
  }
}

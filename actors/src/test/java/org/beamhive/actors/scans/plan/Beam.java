package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.DeviceView.State;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;

/** A small beamline, and short ways to ask for plans and to write down what they do. */
final class Beam {
  static final PlanRegistry PLANS = PlanRegistry.load();

  static final List<DeviceView> DEVICES =
      List.of(
          detector("det1").build(),
          detector("det2").build(),
          motor("m1").build(),
          motor("m2").build(),
          motor("m3").build(),
          motor("broken").state(State.CONNECTING).build(),
          motor("off").state(State.DISABLED).build(),
          new Device("shutter").can(Ability.MOVABLE).build(),
          new Device("temperature").can(Ability.READABLE).build(),
          new Device("flyer1").can(Ability.FLYABLE).build(),
          new Device("flyer2").can(Ability.FLYABLE).build());

  private Beam() {}

  static Device detector(String name) {
    return new Device(name).can(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE);
  }

  static Device motor(String name) {
    return new Device(name)
        .can(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE)
        .limits(-10, 10)
        .units("mm");
  }

  /** A plan with arguments by position. */
  static PlanRequest plan(String name, Object... args) {
    return new PlanRequest(
        name, ((Value.Items) value(List.of(args))).items(), Value.Fields.EMPTY, Value.Fields.EMPTY);
  }

  /** The same with arguments by name. */
  static PlanRequest named(PlanRequest plan, Map<String, Object> kwargs) {
    return new PlanRequest(plan.name(), plan.args(), fields(kwargs), plan.metadata());
  }

  static BuiltPlan build(PlanRequest request) {
    return PLANS.build(request, DEVICES);
  }

  static Refusal refusal(PlanRequest request) {
    Optional<Refusal> refusal = PLANS.check(request, DEVICES);
    return refusal.orElseThrow(() -> new AssertionError("not refused: " + request));
  }

  static List<String> trace(BuiltPlan plan) {
    return trace(plan.steps(), Integer.MAX_VALUE);
  }

  /** Runs steps, with every motor at 5, and writes them down. */
  static List<String> trace(Steps steps, int atMost) {
    List<String> trace = new ArrayList<>();
    Value answer = Value.None.NONE;
    for (Instruction next = steps.next(answer);
        next != null;
        next = trace.size() < atMost ? steps.next(answer) : null) {
      trace.add(shown(next));
      answer =
          next instanceof Instruction.Locate
              ? fields(Map.of("setpoint", 5.0, "readback", 5.1))
              : Value.None.NONE;
    }
    return trace;
  }

  static Value.Fields metadata(BuiltPlan plan) {
    Instruction next = plan.steps().next(Value.None.NONE);
    while (!(next instanceof Instruction.OpenRun)) {
      next = plan.steps().next(Value.None.NONE);
    }
    return ((Instruction.OpenRun) next).metadata();
  }

  private static String shown(Instruction instruction) {
    if (instruction instanceof Instruction.Set set) {
      return "set " + set.device() + " " + set.setpoint().shown();
    } else if (instruction instanceof Instruction.Trigger trigger) {
      return "trigger " + trigger.device();
    } else if (instruction instanceof Instruction.Read read) {
      return "read " + read.device();
    } else if (instruction instanceof Instruction.Stage stage) {
      return "stage " + stage.device();
    } else if (instruction instanceof Instruction.Unstage unstage) {
      return "unstage " + unstage.device();
    } else if (instruction instanceof Instruction.Locate locate) {
      return "locate " + locate.device();
    } else if (instruction instanceof Instruction.Create create) {
      return "create " + create.stream();
    } else if (instruction instanceof Instruction.Sleep sleep) {
      return "sleep " + sleep.seconds();
    } else if (instruction instanceof Instruction.CloseRun close) {
      return "close " + close.exitStatus();
    } else if (instruction instanceof Instruction.OpenRun) {
      return "open";
    } else if (instruction instanceof Instruction.Kickoff kickoff) {
      return "kickoff " + kickoff.device() + " " + kickoff.stream();
    } else if (instruction instanceof Instruction.Complete complete) {
      return "complete " + complete.device();
    } else if (instruction instanceof Instruction.Collect collect) {
      return "collect " + collect.device();
    } else if (instruction instanceof Instruction.Wait) {
      return "wait";
    }
    return instruction.toString().toLowerCase(java.util.Locale.ROOT);
  }

  static Value.Fields fields(Map<String, ?> map) {
    Map<String, Value> fields = new LinkedHashMap<>();
    map.forEach((key, one) -> fields.put(key, value(one)));
    return new Value.Fields(fields);
  }

  static Value value(Object object) {
    if (object instanceof Value given) {
      return given;
    } else if (object instanceof Integer whole) {
      return Value.of(whole.longValue());
    } else if (object instanceof Double number) {
      return Value.of(number);
    } else if (object instanceof Boolean bool) {
      return Value.of(bool);
    } else if (object instanceof List<?> list) {
      return Value.of(list.stream().map(Beam::value).toList());
    } else if (object instanceof Map<?, ?> map) {
      Map<String, Value> fields = new LinkedHashMap<>();
      map.forEach((key, one) -> fields.put((String) key, value(one)));
      return new Value.Fields(fields);
    }
    return Value.of((String) object);
  }

  /** Makes a device view. */
  static final class Device {
    private final String name;
    private Set<Ability> abilities = EnumSet.noneOf(Ability.class);
    private State state = State.READY;
    private ReadoutPriority priority = ReadoutPriority.ON_REQUEST;
    private boolean softwareTrigger;
    private Limits limits = Limits.NONE;
    private String units = "";
    private String problem = "";

    Device(String name) {
      this.name = name;
    }

    Device can(Ability... these) {
      abilities = Set.of(these);
      return this;
    }

    Device state(State next) {
      state = next;
      return this;
    }

    Device priority(ReadoutPriority next) {
      priority = next;
      return this;
    }

    Device softwareTrigger() {
      softwareTrigger = true;
      return this;
    }

    Device limits(double low, double high) {
      limits = new Limits(low, high);
      return this;
    }

    Device units(String next) {
      units = next;
      return this;
    }

    /** Enabled, but it could not be made from its configuration. */
    Device notMade(String why) {
      state = State.CONNECTING;
      problem = why;
      return this;
    }

    DeviceView build() {
      return new DeviceView(
          new DeviceName(name),
          new HutchName("eh1"),
          "127.0.0.1:25520",
          "Sim",
          "",
          state,
          problem,
          abilities,
          priority,
          softwareTrigger,
          limits,
          units,
          3,
          List.of(name),
          Set.of(),
          false,
          List.of(),
          Value.Fields.EMPTY);
    }
  }
}

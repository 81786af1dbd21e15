package org.beamhive.actors.scans.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/** The types of parameters that plans have. */
public final class ParameterTypes {
  /** The most points that anything may have. */
  public static final long MOST_POINTS = 1_000_000_000;

  /** A setpoint in a motor's units. */
  public static final ParameterType<Double> POSITION =
      new Number(-Double.MAX_VALUE, Double.MAX_VALUE);

  /** A time in seconds, up to 30 days. */
  public static final ParameterType<Double> SECONDS = new Number(0, 30 * 86_400.0);

  /** A number of points. */
  public static final ParameterType<OptionalLong> POINTS = new Whole(1, MOST_POINTS, false);

  /** A number of points, or none. */
  public static final ParameterType<OptionalLong> POINTS_OR_NONE = new Whole(1, MOST_POINTS, true);

  /** A list of setpoints, not empty. */
  public static final ParameterType<List<Double>> POSITIONS = new Numbers(POSITION, false);

  /** A time in seconds, or a list of them. */
  public static final ParameterType<List<Double>> DELAYS = new Numbers(SECONDS, true);

  /** What a device can be set to: a number, a text or a truth value. */
  public static final ParameterType<Value> SETPOINT = new Setpoint();

  /** Metadata, or none. */
  public static final ParameterType<Value.Fields> METADATA = new Metadata();

  private ParameterTypes() {}

  /** A finite number in a range. */
  private record Number(double lowest, double highest) implements ParameterType<Double> {
    @Override
    public String annotation() {
      return "float";
    }

    @Override
    public Double min() {
      return lowest == -Double.MAX_VALUE ? null : (Double) lowest;
    }

    @Override
    public Double max() {
      return highest == Double.MAX_VALUE ? null : (Double) highest;
    }

    @Override
    public Double parse(String argument, Value given, Beamline beamline) throws Refused {
      if (!given.numeric()) {
        throw Refused.argument("wrong-type", argument, "must be a number, not " + given.shown());
      }
      double number = given.asDouble();
      if (!Double.isFinite(number)) {
        throw Refused.argument(
            "not-finite", argument, "must be a finite number, not " + given.shown());
      }
      if (number < lowest || number > highest) {
        throw Refused.argument(
            "bad-argument",
            argument,
            "must be from %s to %s, not %s".formatted(lowest, highest, given.shown()));
      }
      return number;
    }
  }

  /** A whole number in a range; empty is None. */
  private record Whole(long lowest, long highest, boolean orNone)
      implements ParameterType<OptionalLong> {
    @Override
    public String annotation() {
      return orNone ? "typing.Optional[int]" : "int";
    }

    @Override
    public Double min() {
      return (double) lowest;
    }

    @Override
    public Double max() {
      return (double) highest;
    }

    @Override
    public OptionalLong parse(String argument, Value given, Beamline beamline) throws Refused {
      if (orNone && given == Value.None.NONE) {
        return OptionalLong.empty();
      }
      double number = given.asDouble();
      if (given instanceof Value.Num && !Double.isFinite(number)) {
        throw Refused.argument(
            "not-finite", argument, "must be a whole number, not " + given.shown());
      }
      if (!given.numeric() || number != Math.rint(number)) {
        throw Refused.argument(
            "wrong-type", argument, "must be a whole number, not " + given.shown());
      }
      if (number < lowest || number > highest) {
        throw Refused.argument(
            "bad-argument",
            argument,
            "must be a whole number from %d to %d, not %s"
                .formatted(lowest, highest, given.shown()));
      }
      return OptionalLong.of((long) number);
    }
  }

  /** A list of numbers, or one alone. */
  private record Numbers(ParameterType<Double> each, boolean orOne)
      implements ParameterType<List<Double>> {
    @Override
    public String annotation() {
      String list = "collections.abc.Iterable[" + each.annotation() + "]";
      return orOne ? "typing.Union[" + each.annotation() + ", " + list + "]" : list;
    }

    @Override
    public Double min() {
      return each.min();
    }

    @Override
    public Double max() {
      return each.max();
    }

    @Override
    public List<Double> parse(String argument, Value given, Beamline beamline) throws Refused {
      if (!(given instanceof Value.Items list)) {
        if (orOne && given.numeric()) {
          return List.of(each.parse(argument, given, beamline));
        }
        throw Refused.argument(
            "wrong-type",
            argument,
            "must be a %slist of numbers, not %s"
                .formatted(orOne ? "number or a " : "", given.shown()));
      }
      if (list.items().isEmpty() && !orOne) {
        throw Refused.argument("bad-argument", argument, "must hold at least one number");
      }
      List<Double> numbers = new ArrayList<>(list.items().size());
      for (int i = 0; i < list.items().size(); i++) {
        numbers.add(each.parse(argument + "[" + i + "]", list.items().get(i), beamline));
      }
      return numbers;
    }
  }

  private record Setpoint() implements ParameterType<Value> {
    @Override
    public String annotation() {
      return "typing.Any";
    }

    @Override
    public Value parse(String argument, Value given, Beamline beamline) throws Refused {
      if (given.numeric()) {
        POSITION.parse(argument, given, beamline);
      } else if (!(given instanceof Value.Text) && !(given instanceof Value.Bool)) {
        throw Refused.argument(
            "wrong-type",
            argument,
            "must be a number, a text or a truth value, not " + given.shown());
      }
      return given;
    }
  }

  private record Metadata() implements ParameterType<Value.Fields> {
    @Override
    public String annotation() {
      return "typing.Optional[dict[str, typing.Any]]";
    }

    @Override
    public Value.Fields parse(String argument, Value given, Beamline beamline) throws Refused {
      if (given == Value.None.NONE) {
        return Value.Fields.EMPTY;
      }
      if (!(given instanceof Value.Fields fields)) {
        throw Refused.argument("wrong-type", argument, "must be a map, not " + given.shown());
      }
      MetadataCheck.check(argument, fields);
      return fields;
    }
  }

  /** A list of devices that have an ability; one that is named twice counts once. */
  public record Devices(Ability ability) implements ParameterType<List<DeviceView>> {
    @Override
    public String annotation() {
      return "collections.abc.Sequence[__" + ability.name() + "__]";
    }

    @Override
    public boolean namesDevices() {
      return true;
    }

    @Override
    public List<DeviceView> parse(String argument, Value given, Beamline beamline) throws Refused {
      if (given instanceof Value.Text alone) {
        throw Refused.argument(
            "wrong-type",
            argument,
            "must be a list of devices; write ['%s'] for one alone".formatted(alone.value()));
      }
      if (!(given instanceof Value.Items list)) {
        throw Refused.argument(
            "wrong-type", argument, "must be a list of devices, not " + given.shown());
      }
      List<DeviceView> devices = new ArrayList<>();
      for (Value item : list.items()) {
        DeviceView device = beamline.device(argument, item, ability);
        if (!devices.contains(device)) {
          devices.add(device);
        }
      }
      return devices;
    }
  }

  /**
   * Motors with values after each, all in one flat list.
   *
   * @param names what the values are called
   * @param types what they may be
   */
  public record MotorGroups(List<String> names, List<ParameterType<?>> types)
      implements ParameterType<List<MotorArguments>> {
    public MotorGroups {
      names = List.copyOf(names);
      types = List.copyOf(types);
    }

    /** How many arguments make a group. */
    public int size() {
      return 1 + types.size();
    }

    @Override
    public String annotation() {
      return "typing.Union[__MOVABLE__, typing.Any]";
    }

    @Override
    public boolean namesDevices() {
      return true;
    }

    @Override
    public List<MotorArguments> parse(String argument, Value given, Beamline beamline)
        throws Refused {
      List<Value> flat = ((Value.Items) given).items();
      String pattern = "motor, " + String.join(", ", names);
      if (flat.isEmpty()) {
        throw Refused.argument(
            "missing-argument", argument, "missing a required argument: " + pattern);
      }
      if (flat.size() % size() != 0) {
        throw Refused.argument(
            "bad-argument",
            argument,
            "must be groups of %s; %d arguments don't come out even"
                .formatted(pattern, flat.size()));
      }
      List<MotorArguments> groups = new ArrayList<>();
      Set<DeviceName> seen = new HashSet<>();
      for (int i = 0; i < flat.size(); i += size()) {
        DeviceView motor = beamline.device(argument, flat.get(i), Ability.MOVABLE);
        if (!seen.add(motor.name())) {
          throw Refused.argument(
              "device-twice", argument, "motor '" + motor.name() + "' is given twice");
        }
        List<Value> values = flat.subList(i + 1, i + size());
        for (int place = 0; place < values.size(); place++) {
          String where = names.get(place) + " of '" + motor.name() + "'";
          types.get(place).parse(where, values.get(place), beamline);
        }
        groups.add(new MotorArguments(motor, values));
      }
      return groups;
    }
  }

  /**
   * Which axes of a grid turn round on every other pass.
   *
   * @param all all but the slowest
   * @param some these, if not all
   */
  public record Snake(boolean all, List<DeviceView> some) {
    public Snake {
      some = List.copyOf(some);
    }
  }

  /** True, False, None or a list of motors. */
  public record SnakeAxes() implements ParameterType<Snake> {
    @Override
    public String annotation() {
      return "typing.Union[collections.abc.Iterable, bool, NoneType]";
    }

    @Override
    public boolean namesDevices() {
      return true;
    }

    @Override
    public Snake parse(String argument, Value given, Beamline beamline) throws Refused {
      if (given == Value.None.NONE || given instanceof Value.Bool) {
        return new Snake(given == Value.Bool.TRUE, List.of());
      }
      if (!(given instanceof Value.Items list)) {
        throw Refused.argument(
            "wrong-type",
            argument,
            "must be true, false or a list of motors, not " + given.shown());
      }
      List<DeviceView> motors = new ArrayList<>();
      for (Value item : list.items()) {
        DeviceView motor = beamline.device(argument, item, Ability.MOVABLE);
        if (motors.contains(motor)) {
          throw Refused.argument(
              "device-twice", argument, "motor '" + motor.name() + "' is given twice");
        }
        motors.add(motor);
      }
      return new Snake(false, motors);
    }
  }
}

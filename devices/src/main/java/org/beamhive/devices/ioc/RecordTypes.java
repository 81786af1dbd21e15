package org.beamhive.devices.ioc;

import static org.beamhive.devices.ioc.Parameter.atLeastZero;
import static org.beamhive.devices.ioc.Parameter.flag;
import static org.beamhive.devices.ioc.Parameter.number;
import static org.beamhive.devices.ioc.Parameter.part;
import static org.beamhive.devices.ioc.Parameter.positive;
import static org.beamhive.devices.ioc.Parameter.range;
import static org.beamhive.devices.ioc.Parameter.text;
import static org.beamhive.devices.ioc.Parameter.whole;
import static org.beamhive.devices.ioc.Parameter.word;

import gov.aps.jca.dbr.DBRType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.beamhive.devices.ioc.RecordType.Given;
import org.beamhive.protocol.model.Value;

/** All types of record that an IOC's file may have. */
final class RecordTypes {
  private static final String LETTERS = "ABCDEFGHIJKL";
  private static final int MOST_ELEMENTS = 4_000_000;
  private static final Runnable NOTHING_MORE = () -> {};
  private static final Parameter EGU = text("egu", "", "units");
  private static final Parameter PRECISION = whole("precision", 3, 0, 15, "decimals to show");

  private RecordTypes() {}

  static List<RecordType> all() {
    List<RecordType> all = new ArrayList<>();
    all.add(motor());
    all.add(scaler());
    all.add(mca());
    all.add(calc());
    all.add(positioner());
    all.add(temperature());
    all.add(
        new RecordType(
            "shutter", "opens and closes", List.of(travel(0.1)), RecordTypes::makeTwoState));
    all.add(
        new RecordType("valve", "opens and closes", List.of(travel(1)), RecordTypes::makeTwoState));
    for (String name : List.of("ai", "ao", "longin", "longout")) {
      all.add(numbers(name));
    }
    for (String name : List.of("bi", "bo", "mbbi", "mbbo")) {
      all.add(choices(name));
    }
    for (String name : List.of("stringin", "stringout")) {
      all.add(
          new RecordType(
              name,
              "a text",
              List.of(text("value", "", "at first")),
              (record, given, ioc) -> {
                ServedPv pv = ServedPv.text(record, given.text("value"));
                new SimpleRecord(name, name.endsWith("in") ? pv.readOnly() : pv, ioc);
                return NOTHING_MORE;
              }));
    }
    all.add(waveform());
    return all;
  }

  private static Parameter tick(double fallback) {
    return positive("tick", fallback, "seconds between two readbacks on the way");
  }

  private static Parameter travel(double fallback) {
    return atLeastZero("travel", fallback, "seconds from one end to the other");
  }

  private static RecordType motor() {
    return new RecordType(
        "motor",
        "a motor record with a motor",
        List.of(
            text("egu", "mm", "units"),
            whole("precision", 4, 0, 15, "decimals to show"),
            positive("velocity", 10, "egu/s"),
            atLeastZero("acceleration", 0.2, "seconds to full velocity"),
            range("limits", -100, 100, "soft limits"),
            range("switches", -110, 110, "limit switches; 10 beyond the soft limits if not given"),
            positive("step", 1e-4, "length of a full step, MRES"),
            atLeastZero("deadband", 1e-3, "RDBD"),
            whole("retries", 10, 0, 1000, "RTRY"),
            flag("stepper", false, "goes in full steps only"),
            part("misses", 0, "part of the way by which each move falls short"),
            tick(0.02)),
        (name, given, ioc) -> {
          boolean switches = given.has("switches");
          double low = given.low("limits");
          double high = given.high("limits");
          double beyond = MotorNature.SWITCHES_BEYOND;
          boolean unlimited = low == high;
          double lowSwitch = unlimited ? Double.NEGATIVE_INFINITY : low - beyond;
          double highSwitch = unlimited ? Double.POSITIVE_INFINITY : high + beyond;
          new MotorRecord(
              name,
              new MotorNature(
                  given.text("egu"),
                  given.whole("precision"),
                  given.number("velocity"),
                  given.number("acceleration"),
                  low,
                  high,
                  switches ? given.low("switches") : lowSwitch,
                  switches ? given.high("switches") : highSwitch,
                  given.number("step"),
                  given.number("deadband"),
                  given.whole("retries"),
                  given.flag("stepper"),
                  given.number("misses"),
                  given.number("tick")),
              ioc);
          return NOTHING_MORE;
        });
  }

  private static RecordType scaler() {
    return new RecordType(
        "scaler",
        "a scaler record; its first channel counts the clock",
        List.of(
            positive("frequency", 1e7, "of the clock in Hz"),
            positive("preset", 1, "counting time in seconds"),
            new Parameter(
                "channels",
                Value.of(List.of()),
                "a list of at most 63 {name: TEXT, rate: NUMBER or PV}",
                RecordTypes::channels,
                "the channels after the clock; a rate is in counts per second")),
        (name, given, ioc) -> {
          List<ScalerRecord.Input> inputs = new ArrayList<>();
          List<Runnable> links = new ArrayList<>();
          for (Value channel : given.list("channels")) {
            Value.Fields fields = (Value.Fields) channel;
            Value rate = fields.get("rate");
            Rate source = new Rate(rate.asDouble());
            if (rate instanceof Value.Text pv) {
              links.add(() -> source.follow(given.pv(pv.value(), ioc)::number));
            }
            inputs.add(new ScalerRecord.Input(fields.text("name"), source));
          }
          new ScalerRecord(name, given.number("frequency"), given.number("preset"), inputs, ioc);
          return () -> links.forEach(Runnable::run);
        });
  }

  private static boolean channels(Value value) {
    return value instanceof Value.Items
        && Parameter.list(value).size() < 64
        && Parameter.list(value).stream()
            .allMatch(
                each ->
                    each instanceof Value.Fields fields
                        && fields.fields().keySet().equals(java.util.Set.of("name", "rate"))
                        && fields.text("name") != null
                        && (Parameter.finite(fields.get("rate")) || fields.text("rate") != null));
  }

  /** Counts per second: a number, or what a PV says. */
  private static final class Rate implements DoubleSupplier {
    private volatile DoubleSupplier source;

    Rate(double number) {
      source = () -> number;
    }

    void follow(DoubleSupplier pv) {
      source = pv;
    }

    @Override
    public double getAsDouble() {
      double rate = source.getAsDouble();
      return Double.isFinite(rate) ? rate : 0;
    }
  }

  private static RecordType mca() {
    return new RecordType(
        "mca",
        "an MCA record, and NAMEStart, Stop, Erase, EraseStart, Read, Status, Acquiring",
        List.of(
            whole("channels", 2048, 1, 65536, "of the spectrum"),
            new Parameter(
                "peaks",
                Value.of(List.of()),
                "a list of {center: CHANNEL, sigma: CHANNELS, rate: NUMBER}",
                RecordTypes::peaks,
                "lines of the spectrum; a rate is in counts per second"),
            atLeastZero("background", 0.5, "counts per second and channel"),
            part("dead_time", 0.05, "part of the real time")),
        (name, given, ioc) -> {
          List<McaRecord.Peak> peaks =
              given.list("peaks").stream()
                  .map(Value.Fields.class::cast)
                  .map(
                      peak ->
                          new McaRecord.Peak(
                              peak.get("center").asDouble(),
                              peak.get("sigma").asDouble(),
                              peak.get("rate").asDouble()))
                  .toList();
          new McaRecord(
              name,
              new McaRecord.Nature(
                  given.whole("channels"),
                  peaks,
                  given.number("background"),
                  given.number("dead_time")),
              ioc);
          return NOTHING_MORE;
        });
  }

  private static boolean peaks(Value value) {
    return value instanceof Value.Items
        && Parameter.list(value).stream()
            .allMatch(
                each ->
                    each instanceof Value.Fields peak
                        && peak.fields()
                            .keySet()
                            .equals(java.util.Set.of("center", "sigma", "rate"))
                        && peak.fields().values().stream().allMatch(Parameter::finite)
                        && peak.get("sigma").asDouble() > 0
                        && peak.get("rate").asDouble() >= 0);
  }

  private static RecordType calc() {
    return new RecordType(
        "calc",
        "a calc record, worked out whenever an input changes",
        List.of(
            text("calc", "0", "the expression"),
            new Parameter(
                "inputs",
                Value.Fields.EMPTY,
                "a map from A to L to numbers or PVs of this IOC",
                RecordTypes::inputs,
                "its inputs"),
            EGU,
            PRECISION),
        (name, given, ioc) -> {
          CalcRecord calc =
              new CalcRecord(
                  name,
                  given.text("egu"),
                  given.whole("precision"),
                  new CalcExpression(given.text("calc")),
                  ioc);
          Map<String, Value> inputs = ((Value.Fields) given.value("inputs")).fields();
          return () -> {
            inputs.forEach(
                (letter, input) -> {
                  if (input instanceof Value.Text pv) {
                    calc.follow(LETTERS.indexOf(letter), given.pv(pv.value(), ioc).getName());
                  } else {
                    calc.set(LETTERS.indexOf(letter), input.asDouble());
                  }
                });
            calc.work();
          };
        });
  }

  private static boolean inputs(Value value) {
    return value instanceof Value.Fields fields
        && fields.fields().entrySet().stream()
            .allMatch(
                each ->
                    each.getKey().length() == 1
                        && LETTERS.contains(each.getKey())
                        && (Parameter.finite(each.getValue())
                            || each.getValue() instanceof Value.Text));
  }

  private static RecordType positioner() {
    return new RecordType(
        "positioner",
        "a positioner of single PVs: NAME:setpoint, readback, done, stop, actuate, velocity",
        List.of(
            EGU,
            PRECISION,
            positive("velocity", 10, "egu/s"),
            range("limits", 0, 0, "beyond them a put fails"),
            flag("actuated", false, "starts when 1 is put to actuate only"),
            tick(0.05)),
        (name, given, ioc) -> {
          new PositionerRecord(
              name,
              new PositionerRecord.Nature(
                  given.text("egu"),
                  given.whole("precision"),
                  given.number("velocity"),
                  given.low("limits"),
                  given.high("limits"),
                  given.flag("actuated"),
                  given.number("tick")),
              ioc);
          return NOTHING_MORE;
        });
  }

  private static RecordType temperature() {
    return new RecordType(
        "temperature",
        "a controller: NAME:setpoint, readback, ramp, at_setpoint, hold and more",
        List.of(
            text("egu", "K", "units"),
            number("start", 295, "where it begins, in egu"),
            range("limits", 0, 0, "setpoints beyond them are clipped"),
            atLeastZero("ramp", 10, "egu per minute; 0: at once"),
            positive("lag", 5, "time constant in seconds"),
            part("overshoot", 0, "part of a step by which it goes too far"),
            positive("tolerance", 0.5, "how near is there, in egu"),
            tick(0.2)),
        (name, given, ioc) -> {
          new TemperatureRecord(
              name,
              new TemperatureRecord.Nature(
                  given.text("egu"),
                  given.number("start"),
                  given.low("limits"),
                  given.high("limits"),
                  given.number("ramp"),
                  given.number("lag"),
                  given.number("overshoot"),
                  given.number("tolerance"),
                  given.number("tick")),
              ioc);
          return NOTHING_MORE;
        });
  }

  private static Runnable makeTwoState(String name, Given given, IocRecords ioc) {
    new TwoStateRecord(name, given.number("travel"), ioc);
    return NOTHING_MORE;
  }

  private static RecordType numbers(String type) {
    boolean whole = type.startsWith("long");
    return new RecordType(
        type,
        whole ? "a whole number" : "a number",
        List.of(
            number("value", 0, "at first"),
            EGU,
            PRECISION,
            range("drive", 0, 0, "puts beyond these limits are clipped"),
            new Parameter(
                "alarms",
                Value.of(List.of()),
                "four numbers that rise, [LOLO, LOW, HIGH, HIHI]",
                RecordTypes::alarms,
                "where alarms begin"),
            atLeastZero("noise", 0, "standard deviation, in egu"),
            positive("period", 0.1, "seconds between two values if there is noise")),
        (name, given, ioc) -> {
          double value = given.number("value");
          ServedPv pv =
              (whole ? ServedPv.whole(name, (int) value) : ServedPv.number(name, value))
                  .units(given.text("egu"), given.whole("precision"));
          SimpleRecord record =
              new SimpleRecord(
                  type, type.endsWith("in") || type.equals("ai") ? pv.readOnly() : pv, ioc);
          record.drive(given.low("drive"), given.high("drive"));
          List<Value> alarms = given.list("alarms");
          if (!alarms.isEmpty()) {
            record.alarms(
                alarms.get(0).asDouble(),
                alarms.get(1).asDouble(),
                alarms.get(2).asDouble(),
                alarms.get(3).asDouble());
          }
          record.put(value);
          if (given.number("noise") > 0) {
            Random random = new Random(name.hashCode());
            double noise = given.number("noise");
            ioc.every(
                given.number("period"), () -> record.put(value + noise * random.nextGaussian()));
          }
          return NOTHING_MORE;
        });
  }

  private static boolean alarms(Value value) {
    List<Value> limits = Parameter.list(value);
    boolean rise = limits.size() == 4 && limits.stream().allMatch(Parameter::finite);
    for (int at = 1; rise && at < limits.size(); at++) {
      rise = limits.get(at - 1).asDouble() <= limits.get(at).asDouble();
    }
    return rise;
  }

  private static RecordType choices(String type) {
    boolean binary = type.startsWith("b");
    int most = binary ? 2 : 16;
    return new RecordType(
        type,
        "a choice",
        List.of(
            new Parameter(
                "choices",
                null,
                (binary ? "two texts" : "2 to 16 texts") + " of at most 25 characters",
                value ->
                    Parameter.list(value).size() >= 2
                        && Parameter.list(value).size() <= most
                        && Parameter.list(value).stream()
                            .allMatch(
                                each ->
                                    each instanceof Value.Text text && text.value().length() < 26),
                "their texts; 'Off' and the like need quotes"),
            whole("value", 0, 0, most - 1, "index at first")),
        (name, given, ioc) -> {
          String[] labels =
              given.list("choices").stream()
                  .map(each -> ((Value.Text) each).value())
                  .toArray(String[]::new);
          if (given.whole("value") >= labels.length) {
            throw new IllegalArgumentException(
                "value is %d, must be below the number of choices, %d"
                    .formatted(given.whole("value"), labels.length));
          }
          ServedPv pv = ServedPv.choice(name, given.whole("value"), labels);
          new SimpleRecord(type, type.endsWith("i") ? pv.readOnly() : pv, ioc);
          return NOTHING_MORE;
        });
  }

  private static RecordType waveform() {
    return new RecordType(
        "waveform",
        "an array of fixed length",
        List.of(
            whole("nelm", 100, 1, MOST_ELEMENTS, "elements"),
            word(
                "ftvl",
                "DOUBLE",
                List.of("CHAR", "SHORT", "LONG", "FLOAT", "DOUBLE", "STRING"),
                "type of its elements"),
            word("shape", "zero", List.of("zero", "ramp", "sine", "noise"), "what is in it"),
            number("height", 1, "of the shape"),
            positive("period", 1, "seconds between two values; only noise changes"),
            EGU,
            PRECISION),
        (name, given, ioc) -> {
          int nelm = given.whole("nelm");
          Random random = new Random(name.hashCode());
          String ftvl = given.text("ftvl");
          Object first = shape(given, random);
          ServedPv pv =
              ServedPv.array(name, type(ftvl), first)
                  .units(given.text("egu"), given.whole("precision"));
          new SimpleRecord("waveform", pv, ioc);
          if (given.text("shape").equals("noise") && nelm > 0) {
            ioc.every(
                given.number("period"),
                () ->
                    pv.post(
                        shape(given, random),
                        gov.aps.jca.dbr.Status.NO_ALARM,
                        gov.aps.jca.dbr.Severity.NO_ALARM));
          }
          return NOTHING_MORE;
        });
  }

  private static DBRType type(String ftvl) {
    return switch (ftvl) {
      case "CHAR" -> DBRType.BYTE;
      case "SHORT" -> DBRType.SHORT;
      case "LONG" -> DBRType.INT;
      case "FLOAT" -> DBRType.FLOAT;
      case "STRING" -> DBRType.STRING;
      default -> DBRType.DOUBLE;
    };
  }

  private static Object shape(Given given, Random random) {
    int nelm = given.whole("nelm");
    double height = given.number("height");
    double[] numbers = new double[nelm];
    for (int at = 0; at < nelm; at++) {
      numbers[at] =
          height
              * switch (given.text("shape")) {
                case "ramp" -> at / (double) nelm;
                case "sine" -> Math.sin(2 * Math.PI * at / nelm);
                case "noise" -> random.nextGaussian();
                default -> 0;
              };
    }
    return converted(given.text("ftvl"), numbers);
  }

  private static Object converted(String ftvl, double[] numbers) {
    switch (ftvl) {
      case "CHAR":
        byte[] bytes = new byte[numbers.length];
        for (int at = 0; at < bytes.length; at++) {
          bytes[at] = (byte) numbers[at];
        }
        return bytes;
      case "SHORT":
        short[] shorts = new short[numbers.length];
        for (int at = 0; at < shorts.length; at++) {
          shorts[at] = (short) numbers[at];
        }
        return shorts;
      case "LONG":
        return java.util.stream.DoubleStream.of(numbers).mapToInt(x -> (int) x).toArray();
      case "FLOAT":
        float[] floats = new float[numbers.length];
        for (int at = 0; at < floats.length; at++) {
          floats[at] = (float) numbers[at];
        }
        return floats;
      case "STRING":
        return java.util.stream.DoubleStream.of(numbers)
            .mapToObj(Double::toString)
            .toArray(String[]::new);
      default:
        return numbers;
    }
  }
}

package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.devices.signal.SignalBackend;

/**
 * The records of an IOC, in the time of their clock, without any network: {@link SimulatedIoc}
 * serves them by Channel Access, {@link #backend} hands them to devices directly, in virtual time
 * too.
 *
 * <p>Each record {@code R} has the PVs {@code R:fault}, a choice of {@link IocFault}s, {@code
 * R:fault:delay}, by how many seconds {@code slow} delays, and {@code R:fault:seconds}, after which
 * a fault that is put ends by itself (0: never). The same of the whole server are {@code
 * PREFIXioc:fault} and so on.
 */
public final class IocRecords implements AutoCloseable {
  private static final String FAULT = ":fault";
  private static final String DELAY = ":fault:delay";
  private static final String SECONDS = ":fault:seconds";
  private static final String NONE = "none";

  /** More than the resolution of seconds since 1970 in a double. */
  private static final double CLOCK_STEP = 1e-6;

  /** A server that is frozen can't be told to stop it, so it ends by itself. */
  private static final double FREEZE_OF_SERVER_SECONDS = 10;

  private final String server;
  private final SimClock clock;
  private final FaultGroup all;
  private final Map<String, ServedPv> pvs = new ConcurrentHashMap<>();
  private final Map<String, FaultGroup> groups = new ConcurrentHashMap<>();
  private final Map<String, Function<String, ServedPv>> fields = new ConcurrentHashMap<>();
  private final Map<String, ServedPv> made = new ConcurrentHashMap<>();
  private final List<Runnable> endings = new CopyOnWriteArrayList<>();
  private final List<Runnable> dropped = new CopyOnWriteArrayList<>();

  /**
   * No records yet.
   *
   * @param prefix before the server's own PVs
   * @param clock the time of all records
   */
  public IocRecords(String prefix, SimClock clock) {
    this.server = prefix + "ioc";
    this.clock = clock;
    this.all = new FaultGroup(null, clock);
    groups.put(server, all);
  }

  /** The records' time. */
  public SimClock clock() {
    return clock;
  }

  /** The names of all PVs, sorted, without those of faults. */
  public Set<String> names() {
    return new TreeSet<>(pvs.keySet());
  }

  /**
   * Devices on these records without a network. Connects, answers and events come as tasks of the
   * clock.
   */
  public SignalBackend backend() {
    return new DirectBackend(this);
  }

  /**
   * Begins a fault, or ends it.
   *
   * @param record a record's name, or an empty text for the whole server
   * @throws IllegalArgumentException if there is no such record, or the fault is not for it
   */
  public void fault(String record, IocFault fault, boolean on) {
    FaultGroup group = group(record);
    if (fault == IocFault.DROP) {
      if (group != all) {
        throw new IllegalArgumentException("Only the server can drop its clients, not " + record);
      }
      if (on) {
        dropped.forEach(Runnable::run);
      }
      return;
    }
    group.set(fault, on);
  }

  /** By how much {@link IocFault#SLOW} delays: one second at first. */
  public void delay(String record, Duration delay) {
    group(record).delay(delay.toNanos() * 1e-9);
  }

  /** Ends all faults of all records and of the server. */
  public void mend() {
    groups.values().forEach(group -> group.own().forEach(fault -> group.set(fault, false)));
  }

  /**
   * Puts a number, as a client that does not wait for its completion.
   *
   * @throws IllegalArgumentException if there is no such PV, or it does not take the number
   */
  public void put(String name, double number) {
    ServedPv pv = find(name);
    CAStatus status = pv == null ? CAStatus.NOSUPPORT : pv.put(pv.arrayOf(number), null);
    if (status != null && !status.isSuccessful()) {
      throw new IllegalArgumentException(
          pv == null
              ? "There is no PV '%s'.".formatted(name)
              : "%s does not take %s: %s".formatted(name, number, status.getMessage()));
    }
  }

  /**
   * Takes a PV away, as in an older IOC that has not got it: nobody finds it from now on.
   *
   * @throws IllegalArgumentException if there is no such PV
   */
  public void remove(String name) {
    if (pvs.remove(name) == null) {
      throw new IllegalArgumentException("There is no PV '%s'.".formatted(name));
    }
  }

  private FaultGroup group(String record) {
    if (record.isEmpty()) {
      return all;
    }
    FaultGroup group = groups.get(record);
    if (group == null && pvs.containsKey(record)) {
      return groupOf(record);
    }
    if (group == null) {
      throw new IllegalArgumentException(
          "There is no record '%s'; there are %s.".formatted(record, String.join(", ", records())));
    }
    return group;
  }

  /** The names of all records. */
  public Set<String> records() {
    Set<String> names = new TreeSet<>(groups.keySet());
    names.remove(server);
    pvs.keySet().stream().filter(name -> !name.contains(".")).forEach(names::add);
    return names;
  }

  FaultGroup server() {
    return all;
  }

  /** Told when the server is to drop its clients. */
  void onDrop(Runnable listener) {
    dropped.add(listener);
  }

  /** The faults of a record, from now on apart from those of others. */
  FaultGroup groupOf(String record) {
    return groups.computeIfAbsent(
        record,
        name -> {
          FaultGroup group = new FaultGroup(all, clock);
          ServedPv alone = pvs.get(name);
          if (alone != null) {
            alone.join(clock, group);
          }
          return group;
        });
  }

  /** Done when the IOC ends. */
  void atEnd(Runnable ending) {
    endings.add(ending);
  }

  /** Ends what records keep open, as files; the clock is not theirs. */
  @Override
  public void close() {
    endings.forEach(Runnable::run);
    endings.clear();
  }

  /** Adds a PV that is a record of its own. */
  ServedPv add(ServedPv pv) {
    return add(pv, all);
  }

  ServedPv add(ServedPv pv, FaultGroup group) {
    alias(pv.getName(), pv);
    pv.join(clock, group);
    return pv;
  }

  void alias(String name, ServedPv pv) {
    if (pvs.putIfAbsent(name, pv) != null) {
      throw new IllegalArgumentException("There are two PVs of the name " + name + ".");
    }
  }

  /**
   * A record that makes most of its fields when somebody asks for them, since an IOC may have ten
   * thousand of its kind.
   *
   * @param maker gives the field of this name, or null if it has none such
   */
  void fields(String record, Function<String, ServedPv> maker) {
    fields.put(record, maker);
  }

  Collection<ServedPv> served() {
    return pvs.values();
  }

  /** The PV of this name, or null. */
  ServedPv find(String name) {
    ServedPv pv = pvs.get(name);
    if (pv == null) {
      // as in an IOC VAL is the field that is meant if none is named
      pv = name.endsWith(".VAL") ? pvs.get(name.substring(0, name.length() - 4)) : made.get(name);
    }
    if (pv == null) {
      pv = make(name);
    }
    return pv;
  }

  private ServedPv make(String name) {
    ServedPv next = null;
    int dot = name.lastIndexOf('.');
    if (name.endsWith("$")) {
      ServedPv text = find(name.substring(0, name.length() - 1));
      next = text == null || !text.getType().isSTRING() ? null : LongText.of(name, text);
    } else if (name.endsWith(FAULT)) {
      next = withFaults(name, FAULT, this::faultPv);
    } else if (name.endsWith(DELAY)) {
      next = withFaults(name, DELAY, this::delayPv);
    } else if (name.endsWith(SECONDS)) {
      next = withFaults(name, SECONDS, (pv, record) -> ServedPv.number(pv, 0).units("s", 3));
    } else if (dot > 0 && fields.containsKey(name.substring(0, dot))) {
      next = fields.get(name.substring(0, dot)).apply(name.substring(dot + 1));
    }
    if (next == null) {
      return null;
    }
    ServedPv other = made.putIfAbsent(name, next);
    return other == null ? next : other;
  }

  @FunctionalInterface
  private interface Maker {
    ServedPv make(String name, String record);
  }

  private ServedPv withFaults(String name, String ending, Maker maker) {
    String record = name.substring(0, name.length() - ending.length());
    boolean known = groups.containsKey(record) || pvs.containsKey(record);
    return known ? maker.make(name, record) : null;
  }

  private ServedPv delayPv(String name, String record) {
    FaultGroup group = group(record);
    ServedPv pv = ServedPv.number(name, group.delay()).units("s", 3);
    return pv.onPut(
        (value, done) -> {
          group.delay(((double[]) value)[0]);
          pv.post(group.delay());
          return CAStatus.NORMAL;
        });
  }

  private ServedPv faultPv(String name, String record) {
    String[] labels =
        Stream.concat(Stream.of(NONE), Stream.of(IocFault.values()).map(IocFault::word))
            .toArray(String[]::new);
    FaultGroup group = group(record);
    ServedPv pv = ServedPv.choice(name, 0, labels);
    Runnable show = () -> pv.postIfChanged(shown(group));
    group.onChange(show);
    show.run();
    return pv.onPut((value, done) -> putFault(record, ((short[]) value)[0]));
  }

  /** The first of its faults, or none. */
  private static int shown(FaultGroup group) {
    return group.own().stream().mapToInt(fault -> fault.ordinal() + 1).min().orElse(0);
  }

  private CAStatus putFault(String record, int choice) {
    FaultGroup group = group(record);
    IocFault[] faults = IocFault.values();
    if (choice < 0 || choice > faults.length) {
      return CAStatus.PUTFAIL;
    }
    group.own().forEach(fault -> group.set(fault, false));
    if (choice == 0) {
      return CAStatus.NORMAL;
    }
    IocFault fault = faults[choice - 1];
    if (fault == IocFault.DROP && group != all) {
      return CAStatus.PUTFAIL;
    }
    double seconds = find(record + SECONDS).number();
    if (fault == IocFault.FREEZE && group == all && !(seconds > 0)) {
      seconds = FREEZE_OF_SERVER_SECONDS;
    }
    // after the answer to this put
    clock.schedule(Duration.ZERO, () -> fault(record, fault, true));
    if (seconds > 0) {
      clock.schedule(nanos(seconds), () -> group.set(fault, false));
    }
    return CAStatus.NORMAL;
  }

  /** Runs something after so many seconds; if there are any, then after the clock has gone on. */
  void later(double seconds, Runnable action) {
    clock.schedule(nanos(seconds > 0 ? Math.max(seconds, CLOCK_STEP) : 0), action);
  }

  /** Again and again from now on, until the clock ends. */
  void every(double seconds, Runnable action) {
    later(
        seconds,
        () -> {
          action.run();
          every(seconds, action);
        });
  }

  private static Duration nanos(double seconds) {
    return Duration.ofNanos((long) (Math.max(0, Math.min(seconds, 1e9)) * 1e9));
  }

  /** Text PVs as arrays of characters, for texts of more than 39. */
  private static final class LongText {
    private static final int LENGTH = 1024;

    static ServedPv of(String name, ServedPv text) {
      ServedPv chars = ServedPv.array(name, bytes((String[]) text.snapshot().value()));
      text.watch(
          seen -> chars.post(bytes((String[]) seen.value()), Status.NO_ALARM, Severity.NO_ALARM));
      if (!text.writable()) {
        return chars.readOnly();
      }
      return chars.onPut((value, done) -> text.put(new String[] {string((byte[]) value)}, done));
    }

    private static byte[] bytes(String[] text) {
      byte[] bytes = new byte[LENGTH];
      byte[] given = text[0].getBytes(java.nio.charset.StandardCharsets.UTF_8);
      System.arraycopy(given, 0, bytes, 0, Math.min(given.length, LENGTH - 1));
      return bytes;
    }

    private static String string(byte[] bytes) {
      int length = 0;
      while (length < bytes.length && bytes[length] != 0) {
        length++;
      }
      return new String(bytes, 0, length, java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%d PVs", pvs.size());
  }
}

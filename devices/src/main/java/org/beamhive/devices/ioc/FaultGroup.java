package org.beamhive.devices.ioc;

import gov.aps.jca.dbr.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.beamhive.devices.backend.sim.SimClock;

/** The faults of one record, or of the whole server, which all records have besides their own. */
final class FaultGroup {
  private static final double FIRST_DELAY = 1;

  private final FaultGroup server;
  private final SimClock clock;
  private final Collection<ServedPv> members = ConcurrentHashMap.newKeySet();
  private final Collection<Runnable> listeners = new ConcurrentLinkedQueue<>();
  private final List<Runnable> held = new ArrayList<>();
  private volatile Set<IocFault> active = Set.of();
  private volatile double delay = FIRST_DELAY;

  /**
   * @param server the group of the whole server; null for that group itself
   */
  FaultGroup(FaultGroup server, SimClock clock) {
    this.server = server;
    this.clock = clock;
  }

  void add(ServedPv pv) {
    members.add(pv);
    if (server != null) {
      server.add(pv);
    }
  }

  /** Told of each change, also of the server's, on the thread that makes it. */
  void onChange(Runnable listener) {
    listeners.add(listener);
    if (server != null) {
      server.onChange(listener);
    }
  }

  boolean has(IocFault fault) {
    return active.contains(fault) || (server != null && server.has(fault));
  }

  /** Its own faults, without the server's. */
  Set<IocFault> own() {
    return active;
  }

  void set(IocFault fault, boolean on) {
    List<Runnable> free = List.of();
    synchronized (this) {
      Set<IocFault> next = EnumSet.noneOf(IocFault.class);
      next.addAll(active);
      if (!(on ? next.add(fault) : next.remove(fault))) {
        return;
      }
      active = Set.copyOf(next);
      if (fault == IocFault.FREEZE && !on) {
        free = List.copyOf(held);
        held.clear();
      }
    }
    free.forEach(task -> clock.schedule(Duration.ZERO, () -> answer(task)));
    listeners.forEach(Runnable::run);
    if (alarm(fault)) {
      members.forEach(ServedPv::repeat);
    }
  }

  private static boolean alarm(IocFault fault) {
    return fault == IocFault.MINOR || fault == IocFault.MAJOR || fault == IocFault.INVALID;
  }

  void delay(double seconds) {
    delay = Math.max(0, seconds);
  }

  double delay() {
    return delay;
  }

  boolean prompt() {
    return !has(IocFault.FREEZE) && !has(IocFault.SLOW);
  }

  /** Does what a client waits for: now, late, or when the freeze ends. */
  void answer(Runnable task) {
    synchronized (this) {
      if (active.contains(IocFault.FREEZE)) {
        held.add(task);
        return;
      }
    }
    if (active.contains(IocFault.SLOW)) {
      clock.schedule(Duration.ofNanos((long) (delay * 1e9)), () -> onward(task));
    } else {
      onward(task);
    }
  }

  private void onward(Runnable task) {
    if (server == null) {
      task.run();
    } else {
      server.answer(task);
    }
  }

  /** How bad the alarm on command is. */
  Severity severity() {
    if (has(IocFault.INVALID)) {
      return Severity.INVALID_ALARM;
    }
    if (has(IocFault.MAJOR)) {
      return Severity.MAJOR_ALARM;
    }
    return has(IocFault.MINOR) ? Severity.MINOR_ALARM : Severity.NO_ALARM;
  }
}

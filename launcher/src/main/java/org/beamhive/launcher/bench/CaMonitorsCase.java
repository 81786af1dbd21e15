package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import gov.aps.jca.Monitor;
import gov.aps.jca.dbr.DBRType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;

/**
 * Monitor events on their way into actors, one for each PV: how many a second arrive of those that
 * an IOC posts. The baseline only counts them.
 */
final class CaMonitorsCase implements MeasuredCase, AutoCloseable {
  private final String address;
  private final List<String> pvs;
  private final int rate;
  private final double seconds;
  private final LongAdder arrived = new LongAdder();
  private final ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "monitors");
  private final List<ActorRef<Signal>> actors = new ArrayList<>();

  CaMonitorsCase(String address, List<String> pvs, int rate, double seconds) {
    this.address = address;
    this.pvs = pvs;
    this.rate = rate;
    this.seconds = seconds;
    for (int i = 0; i < pvs.size(); i++) {
      actors.add(system.systemActorOf(counting(), "pv-" + i, akka.actor.typed.Props.empty()));
    }
  }

  private Behavior<Signal> counting() {
    return Behaviors.receiveMessage(
        signal -> {
          if (signal.latest() != null) {
            arrived.increment();
          }
          return Behaviors.same();
        });
  }

  @Override
  public List<Figure> round() {
    try {
      return List.of(
          Figure.of("monitors_per_second", "1/s", ours()).against("bare CAJ, counted", bare()));
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private double ours() throws CAException {
    try (CaLink link = new CaLink(CaClients.settings(address, 0))) {
      Map<String, ActorRef<Signal>> owners = new HashMap<>();
      for (int i = 0; i < pvs.size(); i++) {
        owners.put(pvs.get(i), actors.get(i));
      }
      CaClients.open(
          link, pvs, SignalOptions.MONITORED, signal -> owners.get(signal.name()).tell(signal));
      return counted();
    }
  }

  private double bare() throws CAException {
    try (BareCa bare = new BareCa(address)) {
      for (Channel channel : bare.connect(pvs)) {
        channel.addMonitor(
            DBRType.TIME_DOUBLE, 1, Monitor.VALUE | Monitor.ALARM, event -> arrived.increment());
      }
      bare.flush();
      return counted();
    }
  }

  /** What arrives in a while in the middle. */
  private double counted() throws CAException {
    try (BareCa control = new BareCa(address)) {
      Channel ask = control.connect(List.of(BenchIoc.RATE)).get(0);
      ask.put(new double[] {rate});
      control.flush();
      pause(seconds / 4);
      long before = arrived.sum();
      long begun = System.nanoTime();
      pause(seconds);
      double perSecond = (arrived.sum() - before) / ((System.nanoTime() - begun) / 1e9);
      ask.put(new double[] {0});
      control.flush();
      pause(seconds / 4);
      return perSecond;
    }
  }

  private static void pause(double time) {
    long until = System.nanoTime() + (long) (time * 1e9);
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
    }
  }

  @Override
  public void close() {
    system.terminate();
  }
}

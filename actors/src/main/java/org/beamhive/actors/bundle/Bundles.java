package org.beamhive.actors.bundle;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunProgress;

/**
 * The points of a run that are being put together, and the numbers of its streams. A point is
 * complete when every one of its devices has been read; readings may come before it is known what
 * the point consists of.
 */
final class Bundles {
  private static final class Point {
    private final Map<DeviceName, List<Reading>> readings = new HashMap<>();
    private String stream;
    private List<DeviceName> devices;

    boolean complete() {
      return devices != null && readings.keySet().containsAll(devices);
    }
  }

  private static final class Stream {
    private final String descriptor;
    private final List<DeviceName> devices;
    private long lastSeqNum;

    Stream(EventDescriptor descriptor, long lastSeqNum) {
      this.descriptor = descriptor.uid();
      this.devices = descriptor.devices().stream().map(DeviceDescription::name).toList();
      this.lastSeqNum = lastSeqNum;
    }
  }

  private final RunUid run;
  private final Clock clock;
  private final Supplier<String> uids;
  private final Map<Long, Point> points = new HashMap<>();
  private final Map<String, Stream> streams = new LinkedHashMap<>();
  private final Map<DeviceName, DeviceDescription> descriptions = new HashMap<>();
  // points are numbered in their order: what comes late for one that is over is of no use
  private long newestOver;

  /** Goes on where the run's log ends. */
  Bundles(RunUid run, RunProgress progress, Clock clock, Supplier<String> uids) {
    this.run = run;
    this.clock = clock;
    this.uids = uids;
    for (EventDescriptor descriptor : progress.descriptors()) {
      streams.put(
          descriptor.name(), new Stream(descriptor, progress.lastSeqNum(descriptor.name())));
    }
  }

  void describe(List<DeviceDescription> devices) {
    devices.forEach(device -> descriptions.put(device.name(), device));
  }

  /** A point's readings by one device; true if the point is now complete. */
  boolean read(long point, DeviceName device, List<Reading> readings) {
    if (over(point)) {
      return false;
    }
    Point open = points.computeIfAbsent(point, number -> new Point());
    open.readings.put(device, readings);
    return open.complete();
  }

  /** What a point consists of; true if it is complete already. */
  boolean expect(long point, String stream, List<DeviceName> devices) {
    if (over(point)) {
      return false;
    }
    Point open = points.computeIfAbsent(point, number -> new Point());
    open.stream = stream;
    open.devices = devices;
    return open.complete();
  }

  void drop(long point) {
    points.remove(point);
    newestOver = Math.max(newestOver, point);
  }

  /** Nothing more is taken in. */
  void close() {
    points.clear();
    newestOver = Long.MAX_VALUE;
  }

  /** Whether a point was taken or dropped. */
  boolean over(long point) {
    return point <= newestOver;
  }

  /** One of the devices of a complete point. */
  DeviceName anyDevice(long point) {
    return points.get(point).devices.get(0);
  }

  /** Why a complete point can't be part of its stream, if it can't: other devices than before. */
  Optional<Refusal> refuse(long point) {
    Point complete = points.get(point);
    Stream stream = streams.get(complete.stream);
    return stream == null || stream.devices.equals(complete.devices)
        ? Optional.empty()
        : Optional.of(
            Refusal.of(
                "other-devices",
                "a point of stream '%s' holds %s, but the stream was begun with %s"
                    .formatted(complete.stream, complete.devices, stream.devices)));
  }

  /**
   * The entries that a complete point makes: its event, after the descriptor if it is the first of
   * its stream.
   */
  List<RunEntry> take(long point) {
    Point complete = points.get(point);
    drop(point);
    double now = now();
    List<RunEntry> entries = new ArrayList<>(2);
    Stream stream = streams.get(complete.stream);
    if (stream == null) {
      EventDescriptor descriptor = descriptor(complete, now);
      stream = new Stream(descriptor, 0);
      streams.put(complete.stream, stream);
      entries.add(new RunEntry.Described(descriptor));
    }
    List<Reading> readings = new ArrayList<>(complete.devices.size() * 2);
    for (DeviceName device : complete.devices) {
      readings.addAll(complete.readings.get(device));
    }
    stream.lastSeqNum++;
    entries.add(
        new RunEntry.Measured(
            new Event(uids.get(), stream.descriptor, stream.lastSeqNum, now, readings)));
    return entries;
  }

  private EventDescriptor descriptor(Point point, double now) {
    List<DeviceDescription> devices =
        point.devices.stream()
            .map(
                name -> {
                  DeviceDescription known = descriptions.get(name);
                  if (known == null) {
                    throw new IllegalStateException(
                        "device '" + name + "' was read but never described");
                  }
                  return known;
                })
            .toList();
    return new EventDescriptor(uids.get(), run, now, point.stream, devices);
  }

  RunStop stop(String exitStatus, String reason) {
    Map<String, Long> numEvents = new LinkedHashMap<>();
    streams.forEach((name, stream) -> numEvents.put(name, stream.lastSeqNum));
    return new RunStop(uids.get(), run, now(), exitStatus, reason, numEvents);
  }

  private double now() {
    Instant instant = clock.instant();
    return instant.getEpochSecond() + instant.getNano() * 1e-9;
  }
}

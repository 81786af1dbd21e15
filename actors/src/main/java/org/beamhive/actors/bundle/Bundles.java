package org.beamhive.actors.bundle;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.DataKey;
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
    private final Map<DeviceName, List<AssetDocument>> assets = new HashMap<>();
    private String stream;
    private List<DeviceName> devices;

    boolean complete() {
      return devices != null && readings.keySet().containsAll(devices);
    }
  }

  /** What a flyer gathers; pages may come before it is known where they belong. */
  private static final class Flight {
    private final List<List<Reading>> events = new ArrayList<>();
    private boolean whole;
    private String stream;
    private DeviceName device;

    boolean complete() {
      return whole && stream != null;
    }
  }

  private static final class Stream {
    private final String descriptor;
    private final List<DeviceName> devices;
    // the keys whose readings are the ids of datums
    private final List<String> unfilled;
    private long lastSeqNum;

    Stream(EventDescriptor descriptor, long lastSeqNum) {
      this.descriptor = descriptor.uid();
      this.devices = descriptor.devices().stream().map(DeviceDescription::name).toList();
      this.unfilled =
          descriptor.devices().stream()
              .flatMap(device -> device.dataKeys().entrySet().stream())
              .filter(key -> DataKey.FILESTORE.equals(key.getValue().external()))
              .map(Map.Entry::getKey)
              .toList();
      this.lastSeqNum = lastSeqNum;
    }
  }

  private final RunUid run;
  private final Clock clock;
  private final Supplier<String> uids;
  private final Map<Long, Point> points = new HashMap<>();
  private final Map<Long, Flight> flights = new HashMap<>();
  private final Map<String, Stream> streams = new LinkedHashMap<>();
  private final Map<DeviceName, DeviceDescription> descriptions = new HashMap<>();
  // a device names its file at each point; it is written once
  private final Set<String> resources = new HashSet<>();
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
    progress.resources().forEach(resource -> resources.add(resource.uid()));
  }

  void describe(List<DeviceDescription> devices) {
    devices.forEach(device -> descriptions.put(device.name(), device));
  }

  /** A point's readings by one device; true if the point is now complete. */
  boolean read(long point, DeviceName device, List<Reading> readings, List<AssetDocument> assets) {
    if (over(point)) {
      return false;
    }
    Point open = points.computeIfAbsent(point, number -> new Point());
    open.readings.put(device, readings);
    open.assets.put(device, assets);
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

  /** Where what a flyer gathers belongs; true if all of it is there already. */
  boolean expectFlight(long point, String stream, DeviceName device) {
    if (over(point)) {
      return false;
    }
    Flight flight = flights.computeIfAbsent(point, number -> new Flight());
    flight.stream = stream;
    flight.device = device;
    return flight.complete();
  }

  /** A page of what a flyer has gathered; true if all of it is there now. */
  boolean collected(long point, long from, List<List<Reading>> events, boolean last) {
    if (over(point)) {
      return false;
    }
    Flight flight = flights.computeIfAbsent(point, number -> new Flight());
    // a page that comes twice is taken once; pages of one device come in their order
    if (from == flight.events.size()) {
      flight.events.addAll(events);
      flight.whole |= last;
    }
    return flight.complete();
  }

  /** The device of a complete flight. */
  DeviceName flyer(long point) {
    return flights.get(point).device;
  }

  /** Why a complete flight can't be part of its stream, if it can't. */
  Optional<Refusal> refuseFlight(long point) {
    Flight flight = flights.get(point);
    Stream stream = streams.get(flight.stream);
    if (stream != null && !stream.devices.equals(List.of(flight.device))) {
      return Optional.of(otherDevices(flight.stream, List.of(flight.device), stream.devices));
    }
    DeviceDescription known = description(flight.device);
    List<String> keys = List.copyOf(known.dataKeys().keySet());
    for (List<Reading> event : flight.events) {
      if (!event.stream().map(Reading::key).toList().equals(keys)) {
        return Optional.of(
            Refusal.of(
                "other-keys",
                "device '%s' has collected %s, but it described %s"
                    .formatted(flight.device, event.stream().map(Reading::key).toList(), keys)));
      }
    }
    return Optional.empty();
  }

  /**
   * The entries that a complete flight makes: its events, after the descriptor if they are the
   * first of their stream. An event's time is when the newest of its readings was taken.
   */
  List<RunEntry> takeFlight(long point) {
    Flight flight = flights.get(point);
    drop(point);
    List<RunEntry> entries = new ArrayList<>(flight.events.size() + 1);
    Stream stream = streams.get(flight.stream);
    if (stream == null) {
      EventDescriptor descriptor =
          new EventDescriptor(
              uids.get(), run, now(), flight.stream, List.of(description(flight.device)));
      stream = new Stream(descriptor, 0);
      streams.put(flight.stream, stream);
      entries.add(new RunEntry.Described(descriptor));
    }
    for (List<Reading> event : flight.events) {
      double time = event.stream().mapToDouble(Reading::timestamp).max().orElseGet(this::now);
      stream.lastSeqNum++;
      entries.add(
          new RunEntry.Measured(
              new Event(uids.get(), stream.descriptor, stream.lastSeqNum, time, event)));
    }
    return entries;
  }

  void drop(long point) {
    points.remove(point);
    flights.remove(point);
    newestOver = Math.max(newestOver, point);
  }

  /** Nothing more is taken in. */
  void close() {
    points.clear();
    flights.clear();
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
        : Optional.of(otherDevices(complete.stream, complete.devices, stream.devices));
  }

  private static Refusal otherDevices(
      String stream, List<DeviceName> devices, List<DeviceName> begunWith) {
    return Refusal.of(
        "other-devices",
        "a point of stream '%s' holds %s, but the stream was begun with %s"
            .formatted(stream, devices, begunWith));
  }

  /**
   * The entries that a complete point makes: its event, after the descriptor if it is the first of
   * its stream, and after what says where its external data are.
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
    for (DeviceName device : complete.devices) {
      for (AssetDocument asset : complete.assets.get(device)) {
        if (!asset.namesFile() || resources.add(asset.uid())) {
          entries.add(
              new RunEntry.Referenced(asset.placed(run, stream.descriptor, stream.lastSeqNum)));
        }
      }
    }
    entries.add(
        new RunEntry.Measured(
            new Event(
                uids.get(), stream.descriptor, stream.lastSeqNum, now, readings, stream.unfilled)));
    return entries;
  }

  private EventDescriptor descriptor(Point point, double now) {
    List<DeviceDescription> devices = point.devices.stream().map(this::description).toList();
    return new EventDescriptor(uids.get(), run, now, point.stream, devices);
  }

  private DeviceDescription description(DeviceName name) {
    DeviceDescription known = descriptions.get(name);
    if (known == null) {
      throw new IllegalStateException("device '" + name + "' was read but never described");
    }
    return known;
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

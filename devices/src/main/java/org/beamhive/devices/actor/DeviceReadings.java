package org.beamhive.devices.actor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.beamhive.devices.config.OnFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceCollected;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;

/**
 * What a device says of itself, and what its configuration lets happen if it does not: {@code
 * onFailure} asks once more, gives what came last, or lets the question fail.
 */
final class DeviceReadings {
  private static final int READINGS_PER_PAGE = 1000;

  private final Device device;
  private final OnFailure onFailure;
  private List<Reading> lastReadings;
  private DeviceDescription lastDescription;

  /** Both at once. */
  record Snapshot(DeviceDescription description, List<Reading> readings) {}

  DeviceReadings(Device device, OnFailure onFailure) {
    this.device = device;
    this.onFailure = onFailure;
  }

  CompletionStage<List<Reading>> read() {
    return orElse(device::read, lastReadings);
  }

  CompletionStage<DeviceDescription> describe() {
    return orElse(device::describe, lastDescription);
  }

  CompletionStage<Snapshot> snapshot() {
    return describe().thenCombine(read(), Snapshot::new);
  }

  /** Asks as {@code onFailure} says: once more, or what came last, if anything did. */
  private <T> CompletionStage<T> orElse(Supplier<CompletionStage<T>> question, T last) {
    CompletionStage<T> answer = question.get();
    return switch (onFailure) {
      case RETRY -> answer.exceptionallyCompose(error -> question.get());
      case BUFFER -> last == null ? answer : answer.exceptionally(error -> last);
      case RAISE -> answer;
    };
  }

  /** These came last. */
  void keep(List<Reading> readings) {
    lastReadings = readings;
  }

  /** This came last. */
  void keep(DeviceDescription description) {
    lastDescription = description;
  }

  /** Both came last. */
  void keep(Snapshot snapshot) {
    keep(snapshot.description());
    keep(snapshot.readings());
  }

  /** With {@code onFailure: buffer} a scan goes on with what was read last; null if it does not. */
  List<Reading> lastForAScan() {
    return onFailure == OnFailure.BUFFER ? lastReadings : null;
  }

  /** What was collected, in pages, since a message to another node may not be of any size. */
  static List<DeviceCollected> pages(DeviceName name, long point, List<List<Reading>> events) {
    int width = events.isEmpty() ? 1 : Math.max(1, events.get(0).size());
    int page = Math.max(1, READINGS_PER_PAGE / width);
    List<DeviceCollected> pages = new ArrayList<>();
    int from = 0;
    do {
      int to = Math.min(events.size(), from + page);
      pages.add(
          new DeviceCollected(name, point, from, events.subList(from, to), to == events.size()));
      from = to;
    } while (from < events.size());
    return pages;
  }
}

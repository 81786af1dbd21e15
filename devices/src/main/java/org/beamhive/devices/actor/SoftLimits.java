package org.beamhive.devices.actor;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.MotionLimits;
import org.beamhive.protocol.device.DeviceDetails.LimitsChange;
import org.beamhive.protocol.device.HutchLimitsProtocol.Entry;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * Our own limits of a hutch's devices, beside those of their records: set at run time, by people.
 * Shared by the devices of a node and the one who keeps them; a device looks here before it moves.
 */
final class SoftLimits implements MotionLimits {
  /** Who keeps them for the next start. */
  interface Keeper {
    /** Ends when the limits that were kept are known; until then nothing may move. */
    CompletionStage<Void> known();

    /** Ends when they are kept and hold. */
    CompletionStage<Void> change(DeviceName device, String who, Limits limits);
  }

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private volatile Keeper keeper;

  /** None yet; not to be used before it has a keeper. */
  SoftLimits() {}

  /** Those that are forgotten with the process. */
  static SoftLimits inMemory() {
    SoftLimits limits = new SoftLimits();
    limits.keptBy(
        new Keeper() {
          @Override
          public CompletionStage<Void> known() {
            return CompletableFuture.completedStage(null);
          }

          @Override
          public CompletionStage<Void> change(DeviceName device, String who, Limits next) {
            limits.put(
                limits.entry(device).changed(System.currentTimeMillis() / 1000.0, who, next));
            return known();
          }
        });
    return limits;
  }

  void keptBy(Keeper who) {
    keeper = who;
  }

  CompletionStage<Void> known() {
    return keeper.known();
  }

  CompletionStage<Void> change(DeviceName device, String who, Limits limits) {
    return keeper.change(device, who, limits);
  }

  /** What is known of a device's limits. */
  Entry entry(DeviceName device) {
    return entries.getOrDefault(device.value(), Entry.none(device));
  }

  /** All of them. */
  List<Entry> all() {
    return List.copyOf(entries.values());
  }

  /** Takes it if it is newer than what is known; returns whether it is. */
  boolean put(Entry entry) {
    return entries.merge(
            entry.device().value(), entry, (old, now) -> now.newerThan(old) ? now : old)
        == entry;
  }

  @Override
  public Limits of(DeviceName device) {
    return entry(device).limits();
  }

  List<LimitsChange> changes(DeviceName device) {
    return entry(device).changes();
  }

  @Override
  public Refusal refusalOf(DeviceName device, Value setpoint, Supplier<String> units) {
    // a scan asks for each move: most devices have none
    Entry entry = entries.get(device.value());
    if (entry == null || !setpoint.numeric() || entry.limits().allow(setpoint.asDouble())) {
      return null;
    }
    Limits limits = entry.limits();
    String unit = units.get().isEmpty() ? "" : " " + units.get();
    return new Refusal(
        "beyond-limits",
        "%s can't go to %s%s: its soft limits, which %s has set, allow %s to %s%s."
            .formatted(
                device,
                setpoint.asDouble(),
                unit,
                entry.changes().get(entry.changes().size() - 1).who(),
                limits.low(),
                limits.high(),
                unit),
        Map.of(
            "device", device.value(),
            "given", Double.toString(setpoint.asDouble()),
            "low", Double.toString(limits.low()),
            "high", Double.toString(limits.high())));
  }

  /** Null if these may become the limits of a device. */
  static Refusal refusalOf(DeviceName device, Limits wanted, DeviceFacts facts) {
    Limits other = facts.limits();
    if (!wanted.set() || !other.set() || overlap(wanted, other)) {
      return null;
    }
    return Refusal.of(
        "wrong-limits",
        "%s can't have the limits %s to %s: they leave nothing of its own %s to %s."
            .formatted(device, wanted.low(), wanted.high(), other.low(), other.high()));
  }

  private static boolean overlap(Limits one, Limits other) {
    return Math.max(one.low(), other.low()) < Math.min(one.high(), other.high());
  }

  /**
   * What both allow. If they have nothing in common, since the record's have changed, the record's:
   * each move is refused anyway, since both are checked.
   */
  static Limits both(Limits device, Limits soft) {
    return soft.narrowedBy(device);
  }
}

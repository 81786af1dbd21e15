package org.beamhive.devices.type;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * One device, as Bluesky's protocols see it. Nothing here blocks, and each stage ends by itself: it
 * is done, or it fails with a {@link DeviceFailure} that a person can read. A stage may be complete
 * when it is returned, which saves its caller a message.
 */
public interface Device {
  /** A stage that is done. */
  CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

  /** Where a movable device should be, and where it is. */
  record Location(Value setpoint, Value readback) {}

  /** Its name. */
  DeviceName name();

  /** What can be done with it. */
  Set<Ability> abilities();

  /** Opens its signals, once. The listener is told whenever it connects or disconnects. */
  void open(DeviceListener listener);

  /** Ends when all its signals are there and their first values known; may be tried again. */
  CompletionStage<Void> connect();

  /** What the list of devices shows of it; as far as it is known. */
  DeviceFacts facts();

  /** What documents say of it, its configuration read anew. */
  CompletionStage<DeviceDescription> describe();

  /** All its readings, in the order of its data keys. */
  CompletionStage<List<Reading>> read();

  /**
   * Tells the listener once, when a reading changes the next time. A device that can't know says
   * nothing, and its followers see its readings from time to time only.
   */
  default void tellNextChange() {}

  /**
   * What says where the frames are that belong to the next readings, if it writes files of its own;
   * each place is given once (Bluesky's {@code collect_asset_docs}).
   */
  default List<AssetDocument> assets() {
    return List.of();
  }

  /**
   * What speaks against moving there now, null if nothing does (Bluesky's Checkable). Asks nothing:
   * it goes by what is known.
   */
  default DeviceFailure check(Value setpoint) {
    return null;
  }

  /** Moves; ends when it is there. Refuses before anything moves. */
  default CompletionStage<Void> set(Value setpoint) {
    return refused("not-movable", "can't be moved");
  }

  /** Stops at once; a move in progress fails with {@code stopped}. Ends when that is on its way. */
  default CompletionStage<Void> stop() {
    return DONE;
  }

  /** Takes a measurement; ends when it is taken. */
  default CompletionStage<Void> trigger() {
    return refused("not-triggerable", "can't be triggered");
  }

  /** Prepares for a scan. */
  default CompletionStage<Void> stage() {
    return DONE;
  }

  /** Undoes what {@link #stage} did; harmless without it. */
  default CompletionStage<Void> unstage() {
    return DONE;
  }

  /** Where it is and where it should be. */
  default CompletionStage<Location> locate() {
    return refused("not-movable", "has no setpoint");
  }

  /**
   * Changes settings by the keys of its configuration (Bluesky's Configurable); ends when all are
   * taken, and refuses all if one of them can't be.
   */
  default CompletionStage<Void> configure(Value.Fields settings) {
    return refused("not-configurable", "has no settings that can be changed");
  }

  /**
   * Begins what it then does by itself (Bluesky's Flyable); ends when that has begun.
   *
   * @param settings of this flight; {@link Value.Fields#EMPTY} for those it is configured with
   */
  default CompletionStage<Void> kickoff(Value.Fields settings) {
    return refused("not-flyable", "can't fly");
  }

  /** Lets what {@link #kickoff} began come to its end; ends when it has. */
  default CompletionStage<Void> complete() {
    return refused("not-flyable", "can't fly");
  }

  /**
   * What it has gathered since {@link #kickoff}: one list of readings for each event, in order;
   * again after that only what is new.
   */
  default CompletionStage<List<List<Reading>>> collect() {
    return refused("not-flyable", "can't fly");
  }

  /** What else may be called from outside, by name: the only methods that are. */
  default Map<String, DeviceMethod> methods() {
    return Map.of();
  }

  /** Closes its signals. */
  void close();

  private <T> CompletionStage<T> refused(String code, String why) {
    return CompletableFuture.failedStage(new DeviceFailure(code, name() + " " + why + "."));
  }
}

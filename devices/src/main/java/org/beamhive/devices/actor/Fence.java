package org.beamhive.devices.actor;

import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Refusal;

/**
 * Keeps old workers out: nothing is done for one that has a successor, or that has lost the device
 * by its silence. The newest epoch counts, in each state and after a new start.
 */
final class Fence {
  private final DeviceName name;
  private final DeviceEpochs epochs;
  private Epoch newest;
  // the worker that has lost the device by its silence: nothing more is done for it
  private Epoch silenced;
  // the worker that a person has stopped while the device was not connected
  private Epoch stopped;

  Fence(DeviceName name, DeviceEpochs epochs) {
    this.name = name;
    this.epochs = epochs;
    this.newest = epochs.newest(name);
  }

  Epoch newest() {
    return newest;
  }

  boolean isOlder(Epoch epoch) {
    return epoch.compareTo(newest) < 0;
  }

  boolean isNewer(Epoch epoch) {
    return epoch.compareTo(newest) > 0;
  }

  /** A worker of this epoch is there. */
  void raiseTo(Epoch epoch) {
    newest = epoch;
    epochs.seen(name, epoch);
  }

  /** The worker of this epoch was silent for too long. */
  void silence(Epoch epoch) {
    silenced = epoch;
  }

  /** A worker has taken it, again or anew. */
  void forgetSilence() {
    silenced = null;
  }

  /** A person has stopped it while it has no command of its worker that could fail of that. */
  void stopWorker() {
    stopped = newest;
  }

  /** Null unless a person has stopped the device for the worker of this epoch. */
  Refusal refusalOfStopped(Epoch epoch) {
    return epoch.equals(stopped)
        ? Refusal.of("stopped", name + " has been stopped while it was not connected.")
        : null;
  }

  /**
   * Null unless it is the epoch of a worker that has a successor; null for a request of nobody's.
   */
  Refusal refusalOfStale(Epoch epoch) {
    return epoch == null || !isOlder(epoch)
        ? null
        : Refusal.of(
            "stale-epoch",
            "%s refuses a worker of epoch %d: it has been attached to one of epoch %d."
                .formatted(name, epoch.value(), newest.value()));
  }

  /** Null unless it is the epoch of the worker that has lost the device by its silence. */
  Refusal refusalOfSilent(Epoch epoch) {
    return epoch.equals(silenced) ? letGo(epoch) : null;
  }

  /** What a worker is told that has not got the device any more. */
  Refusal letGo(Epoch epoch) {
    return Refusal.of(
        "owner-silent",
        "%s has let go of the worker of epoch %d, which must take it again."
            .formatted(name, epoch.value()));
  }
}

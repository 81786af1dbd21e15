package com.cosylab.epics.caj.cas;

/** Lets a server's beacons begin again, which the library leaves to classes of its own package. */
public final class FrozenBeacons {
  private FrozenBeacons() {}

  /** Starts it, and gives it back. */
  public static BeaconEmitter start(BeaconEmitter beacons) {
    beacons.start();
    return beacons;
  }
}

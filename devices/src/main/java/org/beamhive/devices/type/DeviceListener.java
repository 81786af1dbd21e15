package org.beamhive.devices.type;

/** What the owner of a device is told, on any thread: hand over and return. */
public interface DeviceListener {
  /** All its signals are connected. */
  void connected();

  /** A signal has gone. */
  void disconnected(String problem);

  /** What the list of devices shows of it may have changed. Told once until it is asked. */
  void factsChanged();

  /** A reading has changed since {@link Device#tellNextChange} was called. Told once for each. */
  default void readingsChanged() {}
}

package org.beamhive.protocol.document;

/**
 * A document of a run. A run is one start, then descriptors, events and what says where external
 * data are, then one stop.
 */
public sealed interface Document permits RunStart, EventDescriptor, Event, RunStop, AssetDocument {
  /** Its uid, a version 4 UUID as text. */
  String uid();

  /** When it was made, seconds since 1970. */
  double time();

  /**
   * Its name in the event model: start, descriptor, event, stop, stream_resource, stream_datum,
   * resource or datum.
   */
  default String documentName() {
    if (this instanceof RunStart) {
      return "start";
    }
    if (this instanceof EventDescriptor) {
      return "descriptor";
    }
    if (this instanceof AssetDocument asset) {
      return asset.assetName();
    }
    return this instanceof Event ? "event" : "stop";
  }
}

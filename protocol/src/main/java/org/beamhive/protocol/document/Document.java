package org.beamhive.protocol.document;

/** A document of a run. A run is one start, then descriptors and events, then one stop. */
public sealed interface Document permits RunStart, EventDescriptor, Event, RunStop {
  /** Its uid, a version 4 UUID as text. */
  String uid();

  /** When it was made, seconds since 1970. */
  double time();

  /** Its name in the event model: start, descriptor, event or stop. */
  default String documentName() {
    if (this instanceof RunStart) {
      return "start";
    }
    if (this instanceof EventDescriptor) {
      return "descriptor";
    }
    return this instanceof Event ? "event" : "stop";
  }
}

package org.beamhive.protocol.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.beamhive.protocol.model.Reading;

/**
 * One event: the readings of all devices of a stream at one point.
 *
 * @param uid its uid
 * @param descriptor the uid of its descriptor
 * @param seqNum its number in the stream, from 1, without gap or repetition
 * @param time when it was put together, seconds since 1970
 * @param readings in the order of the descriptor's data keys
 * @param unfilled the keys whose reading is the id of a {@link Datum}, not the value itself
 */
public record Event(
    String uid,
    String descriptor,
    long seqNum,
    double time,
    List<Reading> readings,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> unfilled)
    implements Document {
  public Event {
    readings = List.copyOf(readings);
    unfilled = unfilled == null ? List.of() : List.copyOf(unfilled);
  }

  /** An event that holds all its values. */
  public Event(String uid, String descriptor, long seqNum, double time, List<Reading> readings) {
    this(uid, descriptor, seqNum, time, readings, List.of());
  }
}

package org.beamhive.protocol.document;

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
 */
public record Event(String uid, String descriptor, long seqNum, double time, List<Reading> readings)
    implements Document {
  public Event {
    readings = List.copyOf(readings);
  }
}

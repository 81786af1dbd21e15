package org.beamhive.protocol.document;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.beamhive.protocol.model.RunUid;

/**
 * The stop document: how the run ended.
 *
 * @param uid its uid
 * @param run which run
 * @param time when it was closed, seconds since 1970
 * @param exitStatus success, abort or fail
 * @param reason one sentence for a person, empty for a success
 * @param numEvents events by stream
 */
public record RunStop(
    String uid,
    RunUid run,
    double time,
    String exitStatus,
    String reason,
    Map<String, Long> numEvents)
    implements Document {
  public RunStop {
    numEvents = Collections.unmodifiableMap(new LinkedHashMap<>(numEvents));
  }
}

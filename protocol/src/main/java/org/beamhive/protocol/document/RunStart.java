package org.beamhive.protocol.document;

import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;

/**
 * The start document: what the run is.
 *
 * @param run its uid
 * @param time when the run was opened, seconds since 1970
 * @param scanId the beamline's counter of runs
 * @param metadata every other field: plan_name, plan_args, detectors, motors, num_points, hints,
 *     the user's own
 */
public record RunStart(RunUid run, double time, long scanId, Value.Fields metadata)
    implements Document {
  public RunStart {
    metadata = metadata == null ? Value.Fields.EMPTY : metadata;
  }

  @Override
  public String uid() {
    return run.value();
  }
}

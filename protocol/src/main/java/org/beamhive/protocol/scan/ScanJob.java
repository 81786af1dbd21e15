package org.beamhive.protocol.scan;

import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.plan.PlanRequest;

/**
 * What a worker is to do.
 *
 * @param item the queue item
 * @param request its plan
 * @param run the uid of the run that the plan opens, given before it starts so that it stays the
 *     same after a crash
 * @param scanId the scan_id of that run
 * @param epoch this worker's number; devices refuse older ones
 * @param mode how to begin
 * @param because why it begins paused or only closes, for people; empty for a fresh start
 */
public record ScanJob(
    ItemUid item,
    PlanRequest request,
    RunUid run,
    long scanId,
    Epoch epoch,
    Mode mode,
    String because) {
  /** How a worker begins. */
  public enum Mode {
    /** From the start. */
    FRESH,
    /** From the run's log, by itself. */
    RESUME,
    /** From the run's log, but paused until somebody resumes it. */
    RESUME_PAUSED,
    /** Not at all: stop its devices and close its run as failed. */
    CLOSE
  }
}

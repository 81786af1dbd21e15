package org.beamhive.protocol.queue;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.beamhive.protocol.model.RunUid;

/**
 * How an item ended.
 *
 * @param exitStatus completed, failed, stopped, aborted or halted
 * @param runs the runs it made
 * @param scanIds their scan_ids
 * @param timeStart when it began, seconds since 1970
 * @param timeStop when it ended, seconds since 1970
 * @param msg what went wrong, empty if nothing did
 */
public record ItemResult(
    @JsonProperty("exit_status") String exitStatus,
    List<RunUid> runs,
    List<Long> scanIds,
    double timeStart,
    double timeStop,
    String msg) {
  public ItemResult {
    runs = List.copyOf(runs);
    scanIds = List.copyOf(scanIds);
  }
}

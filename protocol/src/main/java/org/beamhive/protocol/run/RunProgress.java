package org.beamhive.protocol.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What the log of a run holds, in short: enough to go on with the run.
 *
 * @param entries how many entries there are
 * @param start the start document, or null
 * @param descriptors one per stream, in their order
 * @param lastSeqNums the last seq_num by stream
 * @param answers the recorded answers by instruction number
 * @param lastTime the time of the newest document, seconds since 1970, or 0
 * @param stop the stop document, or null while the run is open
 * @param resources the stream_resource and resource documents, in their order
 */
public record RunProgress(
    long entries,
    RunStart start,
    List<EventDescriptor> descriptors,
    Map<String, Long> lastSeqNums,
    Map<Long, Value> answers,
    double lastTime,
    RunStop stop,
    List<AssetDocument> resources)
    implements CborSerializable {
  /** The log of a run that has not begun. */
  public static final RunProgress EMPTY =
      new RunProgress(0, null, List.of(), Map.of(), Map.of(), 0, null, List.of());

  public RunProgress {
    descriptors = List.copyOf(descriptors);
    lastSeqNums = Collections.unmodifiableMap(new LinkedHashMap<>(lastSeqNums));
    answers = Collections.unmodifiableMap(new LinkedHashMap<>(answers));
    resources = resources == null ? List.of() : List.copyOf(resources);
  }

  /** A log without files of devices. */
  public RunProgress(
      long entries,
      RunStart start,
      List<EventDescriptor> descriptors,
      Map<String, Long> lastSeqNums,
      Map<Long, Value> answers,
      double lastTime,
      RunStop stop) {
    this(entries, start, descriptors, lastSeqNums, answers, lastTime, stop, List.of());
  }

  /** Whether the stop document is written. */
  public boolean closed() {
    return stop != null;
  }

  /** The last seq_num of a stream, 0 if it has none. */
  public long lastSeqNum(String stream) {
    return lastSeqNums.getOrDefault(stream, 0L);
  }
}

package org.beamhive.actors.filewriter.nexus;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.exceptions.HdfException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What {@link RunFile} finds in a file that is there already.
 *
 * @param run the uid of its run
 * @param complete whether the run is in it to its end
 * @param points how many events of each stream it shows
 */
record FileMarks(String run, boolean complete, Map<String, Long> points) {
  /** Empty if it is no file of ours or can't be understood. */
  static Optional<FileMarks> read(Path path) {
    try (HdfFile file = new HdfFile(path)) {
      String run = (String) ((Dataset) file.getByPath(RunFile.UID)).getData();
      Attribute complete = file.getByPath(RunFile.ENTRY).getAttribute(RunFile.COMPLETE);
      Map<String, Long> points = new HashMap<>();
      for (Node stream : ((Group) file.getByPath(RunFile.STREAMS)).getChildren().values()) {
        Dataset seqNum = (Dataset) ((Group) stream).getChild("seq_num");
        points.put(stream.getName(), (long) seqNum.getDimensions()[0]);
      }
      // jHDF gives the members of an enumeration by their names
      return Optional.of(
          new FileMarks(run, "TRUE".equalsIgnoreCase(String.valueOf(complete.getData())), points));
    } catch (HdfException | ClassCastException | NullPointerException notOurs) {
      return Optional.empty();
    }
  }

  /** Whether so many points per stream are all that this file has, or more. */
  boolean coveredBy(Map<String, Long> others) {
    return points.entrySet().stream()
        .allMatch(stream -> others.getOrDefault(stream.getKey(), 0L) >= stream.getValue());
  }
}

package org.beamhive.protocol.run;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.Value;

/**
 * One entry of a run's log, as it is stored for ever. Its position is its sequence number in the
 * journal, from 1.
 *
 * <p>Written by its own serializer {@code beamhive-run-log}; the golden files of each version are
 * read by tests.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = RunEntry.Started.class, name = "start1"),
  @JsonSubTypes.Type(value = RunEntry.Described.class, name = "descriptor1"),
  @JsonSubTypes.Type(value = RunEntry.Measured.class, name = "event1"),
  @JsonSubTypes.Type(value = RunEntry.Stopped.class, name = "stop1"),
  @JsonSubTypes.Type(value = RunEntry.Answered.class, name = "answer1"),
  @JsonSubTypes.Type(value = RunEntry.Referenced.class, name = "asset1")
})
public sealed interface RunEntry {
  /** The document of this entry, or null if it carries none. */
  Document document();

  /** The run was opened. */
  record Started(RunStart document) implements RunEntry {}

  /** A stream was described. */
  record Described(EventDescriptor document) implements RunEntry {}

  /** A point was measured. */
  record Measured(Event document) implements RunEntry {}

  /** Data are in a file of a device: which file, or where in it. */
  record Referenced(AssetDocument document) implements RunEntry {}

  /** The run was closed; nothing follows. */
  record Stopped(RunStop document) implements RunEntry {}

  /**
   * The plan got an answer that it can branch on.
   *
   * @param instruction the number of the instruction in the plan, from 0
   * @param answer what it was answered
   */
  record Answered(long instruction, Value answer) implements RunEntry {
    @Override
    public Document document() {
      return null;
    }
  }
}

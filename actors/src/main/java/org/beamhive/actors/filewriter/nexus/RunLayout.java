package org.beamhive.actors.filewriter.nexus;

import java.io.IOException;
import org.beamhive.actors.filewriter.hdf5.ScanFile;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;

/**
 * Puts the documents of one run into its file. What every file has whatever its lay-out ({@code
 * /entry} with the run's uid, its streams' seq_num and time, whether it is complete) is written by
 * {@link RunFile}.
 *
 * <p>{@link #add}, {@link #refer} and {@link #stop} may fail with an {@link IOException}, for
 * example on a full disk, and are then called again with the same document: what they had written
 * before must not be there twice. The other methods only make groups, datasets and streams, which
 * can't fail so.
 */
public interface RunLayout {
  /** Makes the lay-out of each run. */
  @FunctionalInterface
  interface Maker {
    /** Begins a file; what the start document says is put there. */
    RunLayout begin(ScanFile file, RunStart start);
  }

  /** A stream is described: makes room for its events. */
  void describe(EventDescriptor descriptor);

  /** An event of a described stream; its row is its {@code seq_num} less one. */
  void add(Event event) throws IOException;

  /** Data are in a file of a device. */
  default void refer(AssetDocument document) throws IOException {}

  /** Whether it has made groups, datasets or links since it was asked last. */
  default boolean treeChanged() {
    return false;
  }

  /** The run has ended. */
  void stop(RunStop stop) throws IOException;
}

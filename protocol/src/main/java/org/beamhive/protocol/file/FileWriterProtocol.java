package org.beamhive.protocol.file;

import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.wire.CborSerializable;

/** What one says to the FileWriter of a run, one entity per run. */
public final class FileWriterProtocol {
  private FileWriterProtocol() {}

  /** All that a file writer handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable permits FollowRun, Close {}

  /** What a file writer tells itself. */
  public non-sealed interface Internal extends Command {}

  /** Write the file of this run. Answered when the file is complete, with its path. */
  public record FollowRun(Follow follow) implements Request {}

  /** End, the node is going away or the file is complete. No answer. */
  public enum Close implements Request {
    CLOSE
  }
}

package org.beamhive.protocol.run;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What is said between the queue, which knows all runs, and those who must follow each run to its
 * end (FileWriter, RedisBridge). A {@link Follow} is repeated until it is answered with {@link
 * Followed}; what is done twice has no effect.
 */
public final class RunFollowerProtocol {
  private RunFollowerProtocol() {}

  /**
   * Follow this run to its end.
   *
   * @param run which run
   * @param log its live log, or null if the run is not being written now
   * @param replyTo is told {@link Followed} when all of it is taken in
   */
  public record Follow(RunUid run, ActorRef<RunLogProtocol.Request> log, ActorRef<Followed> replyTo)
      implements CborSerializable {}

  /**
   * The run is taken in to its end, durably.
   *
   * @param follower who says so, for example {@code file}
   * @param result what came of it, for example the path of the file; may be empty
   * @param files of devices that the run refers to, where they are read
   */
  public record Followed(RunUid run, String follower, String result, List<String> files)
      implements CborSerializable {
    public Followed {
      files = files == null ? List.of() : List.copyOf(files);
    }

    /** A run without files of devices. */
    public Followed(RunUid run, String follower, String result) {
      this(run, follower, result, List.of());
    }
  }
}

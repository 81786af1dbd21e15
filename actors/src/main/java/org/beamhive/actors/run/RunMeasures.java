package org.beamhive.actors.run;

import java.util.Set;

/**
 * Is told what run logs do. Called on the logs' threads with every batch of entries: it counts and
 * returns.
 */
public interface RunMeasures {
  /** Listens to nothing. */
  RunMeasures NONE =
      new RunMeasures() {
        @Override
        public Set<String> followers() {
          return Set.of();
        }

        @Override
        public void appended(long nanos) {}

        @Override
        public void recorded(String stream, long points) {}

        @Override
        public void behind(String follower, long entries) {}
      };

  /** The followers of every run whose lag is to be told, by name. */
  Set<String> followers();

  /** A batch was appended: the journal has confirmed it after so many nanoseconds. */
  void appended(long nanos);

  /** Points of a stream are durable. */
  void recorded(String stream, long points);

  /**
   * So many durable entries of the run have not been asked for yet by a follower; 0 when the log
   * ends, since nobody can tell any more.
   */
  void behind(String follower, long entries);
}

package org.beamhive.launcher.join;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import java.util.Optional;

/** Why a node ends by itself, so that whoever starts it again does so into the right cluster. */
public enum EndingReason implements CoordinatedShutdown.Reason {
  /** The beamline has another cluster, which has the right to be. */
  SECOND_CLUSTER(
      "this node has ended to make room: the beamline has another cluster, which holds the"
          + " formation lease; start this node again and it joins that one"),
  /**
   * Something that runs once in the cluster runs on another node, and Akka never brings it back.
   */
  TAKEN_OVER(
      "this node has ended because something that runs once in the cluster has ended here, most"
          + " often since another node has taken it over after a short cut of the network; start"
          + " it again and it is a stand-by");

  private final String sentence;

  EndingReason(String sentence) {
    this.sentence = sentence;
  }

  /** Why a node's cluster ended it, as a sentence; empty if it was ended by people. */
  static Optional<String> of(ActorSystem<?> system) {
    Optional<CoordinatedShutdown.Reason> reason =
        CoordinatedShutdown.get(system).getShutdownReason();
    if (reason.orElse(null) instanceof EndingReason own) {
      return Optional.of(own.sentence);
    }
    if (reason.equals(Optional.of(CoordinatedShutdown.clusterDowningReason()))) {
      return Optional.of(
          "this node was taken out of its cluster: the other nodes could not reach it for a while"
              + " (network, or the node was frozen) and go on without it; start it again");
    }
    if (reason.equals(Optional.of(CoordinatedShutdown.incompatibleConfigurationDetectedReason()))) {
      return Optional.of(
          "the cluster does not take this node, since they differ in what all nodes must have alike;"
              + " the log says which keys");
    }
    return Optional.empty();
  }
}

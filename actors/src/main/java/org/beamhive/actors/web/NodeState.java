package org.beamhive.actors.web;

import akka.Done;
import java.util.concurrent.CompletionStage;

/** How a node is: for those who watch over processes. */
public interface NodeState {
  /** Completed when the actor system has answered; fails with a sentence if it does not in time. */
  CompletionStage<Done> answers();

  /** What is missing on this node; never fails, and answers in time. */
  CompletionStage<Readiness> readiness();

  /** All figures of this node, in Prometheus' text format. */
  String metrics();
}

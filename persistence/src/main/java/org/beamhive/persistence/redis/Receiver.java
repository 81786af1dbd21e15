package org.beamhive.persistence.redis;

import akka.actor.ActorIdentity;
import akka.actor.ActorRef;
import akka.actor.Identify;
import akka.pattern.Patterns;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Who receives a replay: Akka's filter, if it is on, and then the persistent actor. Every actor
 * answers the question who it is in its turn, so the answer tells that it has handled what was sent
 * before.
 *
 * @param stages in the order in which an event passes them
 * @param patience how long one of them may take for what it has been sent
 */
record Receiver(List<ActorRef> stages, Duration patience) {

  /** Completes when all that was sent has been handled; fails if nobody receives it any more. */
  CompletionStage<Void> caughtUp() {
    CompletionStage<Void> caughtUp = CompletableFuture.completedStage(null);
    for (ActorRef stage : stages) {
      caughtUp = caughtUp.thenCompose(before -> handled(stage));
    }
    return caughtUp;
  }

  private CompletionStage<Void> handled(ActorRef stage) {
    return Patterns.ask(stage, new Identify(""), patience)
        .thenAccept(
            answer -> {
              if (((ActorIdentity) answer).getActorRef().isEmpty()) {
                throw new IllegalStateException("The receiver of the replay has stopped: " + stage);
              }
            });
  }
}

package org.beamhive.devices.actor;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A second opinion on whether a node of the hutch is alive, when its guard has not been heard: by a
 * way that does not go over the network between the nodes, such as a heart-beat that each keeps in
 * Redis. A node that only can't be reached goes on owning its moves.
 */
@FunctionalInterface
public interface OwnerWitness {
  /** Nobody can say so: a node that is silent counts as dead. */
  OwnerWitness NONE = node -> CompletableFuture.completedFuture(false);

  /**
   * Whether this node has been alive within the owner timeout. A stage that fails, or does not end
   * within the owner timeout, counts as no.
   *
   * @param node {@code host:port}
   */
  CompletionStage<Boolean> seesAlive(String node);
}

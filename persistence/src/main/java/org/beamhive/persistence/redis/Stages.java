package org.beamhive.persistence.redis;

import java.util.concurrent.CompletionStage;
import scala.concurrent.Future;
import scala.concurrent.Promise;

/** From Java's futures to those that Akka's plugin classes want. */
final class Stages {

  private Stages() {}

  /**
   * A failure arrives as it was thrown, without Java's wrapping, because persistent actors are
   * shown it.
   */
  static <T> Future<T> toScala(CompletionStage<? extends T> stage) {
    Promise<T> promise = Promise.apply();
    stage.whenComplete(
        (answer, problem) -> {
          if (problem == null) {
            promise.success(answer);
          } else {
            promise.failure(RedisLink.unwrap(problem));
          }
        });
    return promise.future();
  }
}

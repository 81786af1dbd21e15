package org.beamhive.devices.registry;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Asks several and waits until all have answered, or for so long. One actor for one question. */
final class Gather<A> {
  private enum TimeIsUp {
    TIME_IS_UP
  }

  private final Class<A> type;
  private final int asked;
  private final Consumer<List<A>> done;
  private final List<A> answers = new ArrayList<>();

  private Gather(Class<A> type, int asked, Consumer<List<A>> done) {
    this.type = type;
    this.asked = asked;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param questions how to ask each
   * @param done told once, with the answers that have come
   */
  static <A> Behavior<Void> create(
      Class<A> type,
      List<Consumer<ActorRef<A>>> questions,
      Duration timeout,
      Consumer<List<A>> done) {
    return Behaviors.<Object>setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      Gather<A> gather = new Gather<>(type, questions.size(), done);
                      ActorRef<A> self = context.getSelf().narrow();
                      questions.forEach(question -> question.accept(self));
                      return gather.waiting(timers, timeout);
                    }))
        .narrow();
  }

  private Behavior<Object> waiting(TimerScheduler<Object> timers, Duration timeout) {
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, timeout);
    return Behaviors.receive(Object.class)
        .onMessage(type, this::onAnswer)
        .onMessage(TimeIsUp.class, time -> end())
        .build();
  }

  private Behavior<Object> onAnswer(A answer) {
    answers.add(answer);
    return answers.size() == asked ? end() : Behaviors.same();
  }

  private Behavior<Object> end() {
    done.accept(answers);
    return Behaviors.stopped();
  }
}

package org.beamhive.devices.actor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.model.Refusal;

/**
 * What a device has been asked and has not answered: the one command that takes its time, those
 * that wait for its end, and what is asked beside them.
 */
final class CommandsInHand {
  /** The command under way has ended. */
  record ActivityEnded(long id, Outcome<?> outcome) implements DeviceProtocol.Internal {}

  /** Something that was asked beside the commands has its answer. */
  record Answered(long id, Outcome<?> outcome) implements DeviceProtocol.Internal {}

  /**
   * The command under way.
   *
   * @param answer tells who asked; null when that has been done, because it was stopped
   * @param began when it began, by the device layer's clock
   */
  record Activity(long id, Request request, Consumer<Outcome<?>> answer, long began) {
    boolean isInterruptible() {
      return DeviceRequests.isInterruptible(request);
    }

    boolean moves() {
      return DeviceRequests.moves(request);
    }

    boolean isAnswered() {
      return answer == null;
    }

    private Activity answered() {
      return new Activity(id, request, null, began);
    }
  }

  /**
   * What was asked beside the commands.
   *
   * @param request null if nobody waits for the answer
   */
  private record Aside(Request request, Consumer<Outcome<?>> answer) {}

  private final DeviceParts parts;
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final Map<Long, Aside> asides = new LinkedHashMap<>();
  private Activity activity;

  CommandsInHand(DeviceParts parts) {
    this.parts = parts;
  }

  /** A number for something that the device does. */
  long nextId() {
    return parts.numbers().getAsLong();
  }

  // ---------------------------------------------------------------- the command under way

  boolean isBusy() {
    return activity != null;
  }

  /** Null if none is under way. */
  Activity activity() {
    return activity;
  }

  boolean isUnderWay(long id) {
    return activity != null && activity.id() == id;
  }

  /** Whether it is doing something that moves it. */
  boolean moves() {
    return activity != null && activity.moves();
  }

  /**
   * Starts a command: one that has ended already is answered here and now.
   *
   * @return whether it takes its time
   */
  <T> boolean begin(
      Request request, Supplier<CompletionStage<T>> command, Consumer<Outcome<T>> answer) {
    long began = parts.nanos();
    CompletionStage<Outcome<T>> outcome = parts.outcomeOf(command);
    Outcome<T> now = outcome.toCompletableFuture().getNow(null);
    if (now != null) {
      measure(request, began, now);
      answer.accept(now);
      return false;
    }
    underWay(request, outcome, untyped(answer), began);
    return true;
  }

  /** Nothing else begins before this has ended; whoever asked for the command has his answer. */
  void hold(Activity answered, CompletionStage<? extends Outcome<?>> until) {
    underWay(answered.request(), until, null, answered.began());
  }

  private void underWay(
      Request request,
      CompletionStage<? extends Outcome<?>> outcome,
      Consumer<Outcome<?>> answer,
      long began) {
    long id = nextId();
    activity = new Activity(id, request, answer, began);
    parts.context().pipeToSelf(outcome, (value, error) -> new ActivityEnded(id, value));
  }

  @SuppressWarnings("unchecked")
  private static <T> Consumer<Outcome<?>> untyped(Consumer<Outcome<T>> answer) {
    return (Consumer<Outcome<?>>) (Consumer<?>) answer;
  }

  /** The command under way, which is under way no more. */
  Activity take() {
    Activity done = activity;
    activity = null;
    return done;
  }

  /** Tells who asked for it, if that has not been done. */
  void answer(Activity done, Outcome<?> outcome) {
    if (!done.isAnswered()) {
      // what was stopped says nothing about how fast the device is
      measure(done.request(), done.began(), outcome);
      done.answer().accept(outcome);
    }
  }

  /** Whoever waits for the command under way is told that it is over, which it need not be. */
  void fail(Refusal why) {
    if (activity != null && !activity.isAnswered()) {
      activity.answer().accept(Outcome.failed(why));
    }
  }

  /** All that can be stopped has been: whoever waits for it is told. */
  void failInterruptible(Refusal why) {
    if (activity != null && activity.isInterruptible() && !activity.isAnswered()) {
      fail(why);
      activity = activity.answered();
    }
    refuseWaiting(DeviceRequests::canBeStopped, why);
  }

  private void measure(Request request, long began, Outcome<?> outcome) {
    DeviceMeasures.Operation operation =
        request instanceof Read
            ? DeviceMeasures.Operation.READ
            : request instanceof Set
                ? DeviceMeasures.Operation.SET
                : request instanceof Trigger ? DeviceMeasures.Operation.TRIGGER : null;
    if (operation == null) {
      return;
    }
    if (outcome.hasFailed()) {
      parts.measures().failed(operation);
    } else {
      parts.measures().done(operation, parts.nanos() - began);
    }
  }

  // ---------------------------------------------------------------- those that wait

  boolean isAnyWaiting() {
    return !waiting.isEmpty();
  }

  /** The one that has waited longest, which waits no more; null if none does. */
  Request nextWaiting() {
    return waiting.poll();
  }

  /** Null if it waits from now on; a refusal if too many do. */
  Refusal await(Request request) {
    if (waiting.size() >= parts.settings().waitingCommands()) {
      return Refusal.of(
          "busy",
          "%s is busy and %d commands wait already.".formatted(parts.name(), waiting.size()));
    }
    waiting.add(request);
    return null;
  }

  /**
   * Whether a worker has it move, or will when what is under way has ended. A move that has been
   * stopped and answered only has to come to rest: the next one may wait.
   */
  boolean isToMove() {
    return activity != null && activity.request() instanceof Set && !activity.isAnswered()
        || waiting.stream().anyMatch(Set.class::isInstance);
  }

  void removeWaiting(Predicate<Request> which) {
    // of a copy: while one is looked at others may be refused
    for (Request request : new ArrayList<>(waiting)) {
      if (which.test(request)) {
        waiting.remove(request);
      }
    }
  }

  void refuseWaiting(Predicate<Request> which, Refusal why) {
    for (Request request : new ArrayList<>(waiting)) {
      if (which.test(request)) {
        waiting.remove(request);
        DeviceRequests.refuse(parts.name(), request, why);
      }
    }
  }

  // ---------------------------------------------------------------- beside them

  /**
   * Asks something that no command has to wait for.
   *
   * @param request null if nobody waits for the answer
   */
  <T> void beside(
      Request request, Supplier<CompletionStage<T>> question, Consumer<Outcome<T>> answer) {
    CompletionStage<Outcome<T>> outcome = parts.outcomeOf(question);
    Outcome<T> now = outcome.toCompletableFuture().getNow(null);
    if (now != null) {
      answer.accept(now);
      return;
    }
    long id = nextId();
    asides.put(id, new Aside(request, untyped(answer)));
    parts.context().pipeToSelf(outcome, (value, error) -> new Answered(id, value));
  }

  void answered(Answered answered) {
    Aside aside = asides.remove(answered.id());
    // of what was asked before the actor was started again nobody waits for the answer
    if (aside != null) {
      aside.answer().accept(answered.outcome());
    }
  }

  void refuseAsides(Refusal why) {
    asides.values().stream()
        .map(Aside::request)
        .filter(Objects::nonNull)
        .forEach(request -> DeviceRequests.refuse(parts.name(), request, why));
  }
}

package org.beamhive.devices.actor;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;
import org.slf4j.Logger;

/**
 * Whether a device moves or measures, and how it is brought to rest: by a stop, when its connection
 * is there again, when this process stood still, and at the end of its actor. The guard of the
 * hutch is told when it moves and when it rests.
 */
final class Motion {
  private static final long NOTHING = 0;

  /** A move that has failed so has not ended. */
  private static final Set<String> STILL_MOVING = Set.of("move-timeout", "not-responding");

  private final DeviceParts parts;
  private final CommandsInHand commands;
  private final Device device;
  private final DeviceName name;
  private final Logger log;
  // it was kicked off and neither completed nor stopped since
  private boolean flying;
  // its number among the activities
  private long flight;
  // its connection broke while it moved: the record may still move
  private boolean cutOff;
  // the newest stop: what is closed before it has left would not be stopped
  private CompletionStage<Void> stopping = CompletableFuture.completedStage(null);
  // the activity during which this process stood still: it may be another node's move by now
  private long overslept;

  Motion(DeviceParts parts, CommandsInHand commands) {
    this.parts = parts;
    this.commands = commands;
    this.device = parts.device();
    this.name = parts.name();
    this.log = parts.log();
  }

  // ---------------------------------------------------------------- what it does

  /** The number of what it is doing that can be stopped: a command, or a flight between two. */
  private long doing() {
    CommandsInHand.Activity activity = commands.activity();
    if (activity != null && activity.isInterruptible()) {
      return activity.id();
    }
    return flying ? flight : NOTHING;
  }

  /** Whether it is doing something that can be stopped from here. */
  boolean isActive() {
    return doing() != NOTHING && doing() != overslept;
  }

  boolean isFlying() {
    return flying;
  }

  void flightBegins() {
    flying = true;
    flight = commands.nextId();
    parts.guard().tell(new HutchGuard.MoveBegun(name));
    parts.reportSoon();
  }

  void flightEnded() {
    if (flying) {
      flying = false;
      parts.guard().tell(new HutchGuard.MoveEnded(name));
      parts.reportSoon();
    }
  }

  /** The command under way has begun. */
  void commandBegun() {
    if (commands.moves()) {
      parts.guard().tell(new HutchGuard.MoveBegun(name));
    }
  }

  /**
   * The command has ended that was under way. One that has failed may still move.
   *
   * @return a stop that is on its way, null if none is needed
   */
  CompletionStage<Outcome<Void>> commandEnded(
      CommandsInHand.Activity done, Outcome<?> outcome, boolean connected) {
    if (!done.moves()) {
      return null;
    }
    String failure = outcome.hasFailed() ? outcome.refusal(name).code() : "";
    boolean ours = done.id() != overslept;
    CompletionStage<Outcome<Void>> stopping =
        ours && STILL_MOVING.contains(failure) ? parts.outcomeOf(this::halt) : null;
    parts.guard().tell(new HutchGuard.MoveEnded(name));
    // its failure may come before the news that the line has gone
    cutOff |= (!connected || failure.equals("disconnected")) && ours;
    return stopping;
  }

  /** Before the next move: the stop has a circuit of its own and could come after its begin. */
  void comeToRest(CommandsInHand.Activity late, CompletionStage<Outcome<Void>> stopping) {
    commands.hold(late, stopping.thenApply(this::stopped));
  }

  // ---------------------------------------------------------------- stopping

  void stop() {
    stop(outcome -> {});
  }

  /** Stops it and tells what came of that. */
  void stop(Consumer<Outcome<Void>> told) {
    flightEnded();
    commands.<Void>beside(null, this::halt, outcome -> told.accept(stopped(outcome)));
  }

  private CompletionStage<Void> halt() {
    stopping = device.stop();
    return stopping;
  }

  /** Stops it if it is doing something that can be stopped, and tells whoever waits for that. */
  void interrupt(String code, String why) {
    if (isActive()) {
      stop();
    }
    commands.failInterruptible(Refusal.of(code, name + " " + why + "."));
  }

  private <T> Outcome<T> stopped(Outcome<T> outcome) {
    if (outcome.hasFailed()) {
      log.error(
          "{}: the stop has failed, use its own controls: {}", name, outcome.refusal(name).text());
    }
    return outcome;
  }

  // ---------------------------------------------------------------- when its connection breaks

  void connectionLost() {
    cutOff |= (flying || commands.moves()) && doing() != overslept;
  }

  void connected() {
    if (cutOff) {
      cutOff = false;
      log.warn("{}: stopped, because it was moving when its connection broke", name);
      stop();
    }
  }

  // ---------------------------------------------------------------- when this process stood still

  /**
   * Found in time, the move of a silent worker or caller is stopped. Found much too late, this
   * process stood still: the other nodes of the hutch have stopped the move long ago and may have
   * begun one of their own, which a late stop would end.
   */
  void noticeStandstill(Silence silence, String because) {
    if (doing() != NOTHING) {
      if (silence.isStandstill()) {
        overslept = doing();
        flight = overslept;
        parts.guard().tell(new HutchGuard.StoodStill(overslept, parts.self()));
      } else {
        log.warn("{}: stopped, because {}", name, because);
      }
    }
  }

  /**
   * It is known now who has seen to the move.
   *
   * @param inUse whether somebody has it: what they have it do is not stopped
   */
  void overslept(DeviceActor.Overslept message, boolean inUse, boolean connected) {
    boolean stillDoesIt = doing() == message.activity();
    if (message.activity() != overslept || inUse && !stillDoesIt) {
      return;
    }
    if (message.takenCareOf()) {
      if (stillDoesIt) {
        flightEnded();
      }
      log.warn("{}: left alone, since this node stood still and the hutch has another", name);
      return;
    }
    overslept = NOTHING;
    log.warn("{}: stopped, because this node stood still while it moved", name);
    if (connected) {
      stop();
    } else {
      // its command may have ended with the connection, but not the motion
      cutOff = true;
    }
  }

  // ---------------------------------------------------------------- at the end of its actor

  /** Nobody here looks after it any more: it is stopped if it is active, then closed. */
  void end() {
    if (cutOff) {
      parts.guard().tell(new HutchGuard.LeftMoving(name));
    } else if (flying || commands.moves()) {
      parts.guard().tell(new HutchGuard.MoveEnded(name));
    }
    boolean active = isActive();
    flying = false;
    if (active) {
      parts.outcomeOf(this::halt);
    }
    stopping.whenComplete((stopped, error) -> device.close());
  }
}

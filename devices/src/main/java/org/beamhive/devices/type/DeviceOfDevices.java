package org.beamhive.devices.type;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * What devices have in common that are made of other devices of their hutch. Each has an own
 * instance of every member, so that all checks of the member hold; who moves what is claimed at the
 * hardware, so that two instances never move it at once.
 */
abstract class DeviceOfDevices implements Device {
  private static final Set<String> LATE = Set.of("move-timeout", "not-responding");

  protected final DeviceOptions options;
  protected final DeviceBackends backends;
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final AtomicBoolean allThere = new AtomicBoolean();

  /**
   * One of the devices that it is made of.
   *
   * @param variable what it is called here
   */
  static final class Member {
    private final String variable;
    private final Device device;
    private final boolean readOnly;
    private final MotionLimits limits;
    private volatile boolean connected;

    private Member(String variable, OtherDevices.Other other, MotionLimits limits) {
      this.variable = variable;
      this.limits = limits;
      this.device = other.device();
      this.readOnly = other.readOnly();
    }

    String variable() {
      return variable;
    }

    Device device() {
      return device;
    }

    boolean can(Ability ability) {
      return device.abilities().contains(ability) && !(readOnly && ability == Ability.MOVABLE);
    }

    /** What speaks against moving it there, null if nothing does. */
    DeviceFailure check(Value setpoint) {
      if (!device.abilities().contains(Ability.MOVABLE)) {
        return new DeviceFailure("not-movable", device.name() + " can't be moved.");
      }
      if (readOnly) {
        return new DeviceFailure(
            "read-only", device.name() + " is read-only in its configuration.");
      }
      Refusal beyond = limits.refusalOf(device.name(), setpoint, () -> device.facts().units());
      return beyond == null ? device.check(setpoint) : new DeviceFailure(beyond);
    }

    /** The reading that stands for it: the first of those to plot, else the first. */
    Reading main(List<Reading> readings) {
      List<String> hints = device.facts().hints();
      return readings.stream()
          .filter(reading -> !hints.isEmpty() && reading.key().equals(hints.get(0)))
          .findFirst()
          .orElseGet(() -> readings.get(0));
    }
  }

  /**
   * @param names the members by what they are called here
   */
  DeviceOfDevices(DeviceOptions options, DeviceBackends backends, Map<String, DeviceName> names) {
    this.options = options;
    this.backends = backends;
    DeviceBackends forMembers = backends.ownedBy(options.name().value());
    names.forEach(
        (variable, name) ->
            members.put(
                variable,
                new Member(variable, backends.others().make(name, forMembers), backends.limits())));
  }

  @Override
  public final DeviceName name() {
    return options.name();
  }

  protected final Member member(String variable) {
    return members.get(variable);
  }

  protected final List<Member> members() {
    return List.copyOf(members.values());
  }

  protected final List<Member> membersThat(Ability ability) {
    return members.values().stream().filter(member -> member.can(ability)).toList();
  }

  // ---------------------------------------------------------------- its members as one

  @Override
  public final void open(DeviceListener owner) {
    for (Member member : members.values()) {
      member.device.open(
          new DeviceListener() {
            @Override
            public void connected() {
              member.connected = true;
              if (members.values().stream().allMatch(each -> each.connected)
                  && allThere.compareAndSet(false, true)) {
                owner.connected();
              }
            }

            @Override
            public void disconnected(String problem) {
              member.connected = false;
              if (allThere.compareAndSet(true, false)) {
                owner.disconnected(problem);
              }
            }

            @Override
            public void factsChanged() {
              owner.factsChanged();
            }
          });
    }
  }

  @Override
  public final CompletionStage<Void> connect() {
    // the descriptions fix what the members read
    return all(members(), Device::connect)
        .thenCompose(done -> all(members(), device -> device.describe().thenApply(known -> null)));
  }

  @Override
  public CompletionStage<Void> stage() {
    return all(membersThat(Ability.STAGEABLE), Device::stage)
        .exceptionallyCompose(
            error -> unstage().thenCompose(done -> CompletableFuture.failedStage(error)));
  }

  @Override
  public CompletionStage<Void> unstage() {
    return all(membersThat(Ability.STAGEABLE), Device::unstage);
  }

  @Override
  public CompletionStage<Void> stop() {
    return all(
        members().stream()
            .filter(
                member ->
                    member.device.abilities().contains(Ability.MOVABLE)
                        || member.device.abilities().contains(Ability.TRIGGERABLE))
            .toList(),
        Device::stop);
  }

  @Override
  public final void close() {
    members.values().forEach(member -> member.device.close());
  }

  /** The same with several at once; ends when all have ended, with the first failure. */
  protected static CompletionStage<Void> all(
      List<Member> which, Function<Device, CompletionStage<Void>> what) {
    List<CompletableFuture<Void>> each =
        which.stream().map(member -> what.apply(member.device).toCompletableFuture()).toList();
    return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new));
  }

  // ---------------------------------------------------------------- reading

  /** The readings of each member, by its variable. */
  protected final CompletionStage<Map<String, List<Reading>>> readAll(
      Function<Device, CompletionStage<List<Reading>>> how) {
    Map<String, CompletableFuture<List<Reading>>> asked = new LinkedHashMap<>();
    members.forEach(
        (variable, member) -> asked.put(variable, how.apply(member.device).toCompletableFuture()));
    return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              Map<String, List<Reading>> read = new LinkedHashMap<>();
              asked.forEach((variable, readings) -> read.put(variable, readings.join()));
              return read;
            });
  }

  /** The newest of their time stamps. */
  protected static double newest(List<Reading> readings) {
    return readings.stream().mapToDouble(Reading::timestamp).max().orElse(0);
  }

  /** The gravest of their alarms. */
  protected static AlarmSeverity gravest(List<Reading> readings) {
    return readings.stream()
        .map(Reading::severity)
        .max(AlarmSeverity::compareTo)
        .orElse(AlarmSeverity.NO_ALARM);
  }

  // ---------------------------------------------------------------- moving

  /** A member and where it is to go. */
  record Target(Member member, Value setpoint) {}

  /**
   * Moves members, all of them or none: each is checked before the first moves, and if one fails
   * the others that move for it are stopped.
   *
   * @param what what is being done, for messages: "energy can't go to 12.4 keV"
   */
  protected final CompletionStage<Void> moveAll(
      String what, List<Target> targets, boolean together) {
    for (Target target : targets) {
      DeviceFailure refusal = target.member().check(target.setpoint());
      if (refusal != null) {
        return CompletableFuture.failedStage(because(what, refusal));
      }
    }
    if (!together) {
      CompletionStage<Void> moved = DONE;
      for (Target target : targets) {
        moved = moved.thenCompose(before -> target.member().device().set(target.setpoint()));
      }
      return moved.exceptionallyCompose(
          error -> CompletableFuture.failedStage(because(what, error)));
    }
    return together(what, targets);
  }

  private CompletionStage<Void> together(String what, List<Target> targets) {
    CompletableFuture<Throwable> first = new CompletableFuture<>();
    List<CompletableFuture<Void>> moves = new ArrayList<>();
    List<Member> moving = new ArrayList<>();
    for (Target target : targets) {
      CompletableFuture<Void> move =
          target.member().device().set(target.setpoint()).toCompletableFuture();
      move.whenComplete(
          (done, error) -> {
            if (error != null) {
              first.complete(error);
            }
          });
      moves.add(move);
      moving.add(target.member());
      if (move.isCompletedExceptionally()) {
        break;
      }
    }
    first.thenAccept(
        error -> {
          // one that is late is stopped with the others by whoever owns this, if it is still his
          if (!LATE.contains(DeviceFailure.refusalOf(name().value(), error).code())) {
            stopThose(moving, moves);
          }
        });
    return CompletableFuture.allOf(moves.toArray(CompletableFuture[]::new))
        .exceptionallyCompose(
            error -> CompletableFuture.failedStage(because(what, first.getNow(error))));
  }

  private static void stopThose(List<Member> moving, List<CompletableFuture<Void>> moves) {
    for (int at = 0; at < moves.size(); at++) {
      if (!moves.get(at).isDone()) {
        moving.get(at).device().stop();
      }
    }
  }

  private DeviceFailure because(String what, Throwable error) {
    Refusal refusal = DeviceFailure.refusalOf(name().value(), error);
    return new DeviceFailure(
        new Refusal(refusal.code(), what + ": " + refusal.text(), refusal.details()));
  }

  /** Its own kind of setpoint is wrong. */
  protected final <T> CompletionStage<T> refused(String code, String text) {
    return CompletableFuture.failedStage(new DeviceFailure(code, text));
  }
}

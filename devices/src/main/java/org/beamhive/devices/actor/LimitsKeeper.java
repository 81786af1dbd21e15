package org.beamhive.devices.actor;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import akka.pattern.StatusReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.device.HutchLimitsProtocol;
import org.beamhive.protocol.device.HutchLimitsProtocol.Command;
import org.beamhive.protocol.device.HutchLimitsProtocol.Entry;
import org.beamhive.protocol.device.HutchLimitsProtocol.Request;
import org.beamhive.protocol.device.HutchLimitsProtocol.Share;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;

/**
 * Keeps our own limits of a hutch's devices: in a file of this node, and in those of the hutch's
 * other nodes, to which it tells each change. A change holds when it is in the file.
 *
 * <p>There is one on each node of the hutch. It has one state; should it fail, it is started again
 * and reads the file again.
 */
final class LimitsKeeper extends AbstractBehavior<Command> {
  /** Other limits for a device. Answered when they hold. */
  private record Change(
      DeviceName device, String who, Limits limits, ActorRef<StatusReply<Done>> replyTo)
      implements HutchLimitsProtocol.Internal {}

  private record FileRead(List<Entry> entries, Throwable error)
      implements HutchLimitsProtocol.Internal {}

  /** The file holds this entry now; null if it was written for others' entries only. */
  private record FileWritten(Entry entry, ActorRef<StatusReply<Done>> replyTo, Throwable error)
      implements HutchLimitsProtocol.Internal {}

  private record KeepersFound(Set<ActorRef<Request>> keepers)
      implements HutchLimitsProtocol.Internal {}

  private final SoftLimits limits;
  private final LimitsFile file;
  private final CompletableFuture<Void> known;
  private final Executor disk;
  private final Set<ActorRef<Request>> others = new HashSet<>();
  private final ArrayDeque<Change> changes = new ArrayDeque<>();
  private boolean fileKnown;
  private boolean writing;
  private boolean dirty;

  /**
   * Starts the keeper of this node.
   *
   * @param limits are told what is kept, from now on
   */
  static void start(
      ActorSystem<?> system,
      HutchName hutch,
      SoftLimits limits,
      LimitsFile file,
      Duration patience) {
    CompletableFuture<Void> known = new CompletableFuture<>();
    ActorRef<Command> keeper =
        system.systemActorOf(
            Behaviors.supervise(create(hutch, limits, file, known))
                .onFailure(SupervisorStrategy.restart()),
            "hutch-limits-" + hutch,
            Props.empty());
    limits.keptBy(by(keeper, known, patience, system));
  }

  static Behavior<Command> create(
      HutchName hutch, SoftLimits limits, LimitsFile file, CompletableFuture<Void> known) {
    ServiceKey<Request> key = ServiceKey.create(Request.class, "hutch-limits-" + hutch);
    return Behaviors.setup(
        context -> {
          context.setLoggerName(LimitsKeeper.class);
          return new LimitsKeeper(context, key, limits, file, known);
        });
  }

  /** What the devices see of a keeper. */
  static SoftLimits.Keeper by(
      ActorRef<Command> keeper,
      CompletableFuture<Void> known,
      Duration patience,
      ActorSystem<?> system) {
    return new SoftLimits.Keeper() {
      @Override
      public CompletionStage<Void> known() {
        return known;
      }

      @Override
      public CompletionStage<Void> change(DeviceName device, String who, Limits next) {
        return AskPattern.<Command, Done>askWithStatus(
                keeper,
                replyTo -> new Change(device, who, next, replyTo),
                patience,
                system.scheduler())
            .thenApply(done -> null);
      }
    };
  }

  private LimitsKeeper(
      ActorContext<Command> context,
      ServiceKey<Request> key,
      SoftLimits limits,
      LimitsFile file,
      CompletableFuture<Void> known) {
    super(context);
    this.limits = limits;
    this.file = file;
    this.known = known;
    this.disk = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    ActorRef<Receptionist.Listing> listings =
        context.messageAdapter(
            Receptionist.Listing.class,
            listing -> new KeepersFound(listing.getServiceInstances(key)));
    context.getSystem().receptionist().tell(Receptionist.register(key, context.getSelf().narrow()));
    context.getSystem().receptionist().tell(Receptionist.subscribe(key, listings));
    context.pipeToSelf(CompletableFuture.supplyAsync(() -> read(file), disk), FileRead::new);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(FileRead.class, this::onFileRead)
        .onMessage(Change.class, this::onChange)
        .onMessage(FileWritten.class, this::onFileWritten)
        .onMessage(KeepersFound.class, this::onKeepersFound)
        .onMessage(Share.class, this::onShare)
        .build();
  }

  private static List<Entry> read(LimitsFile file) {
    try {
      return file.read();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private Behavior<Command> onFileRead(FileRead read) {
    if (read.error() != null) {
      String problem =
          "The limits of this hutch's devices can't be read from %s (%s): mend or remove the file and"
              + " start the node again.";
      String text = problem.formatted(file, DeviceFailure.refusalOf("", read.error()).text());
      getContext().getLog().error("ALARM {}", text);
      known.completeExceptionally(new DeviceFailure("limits-unknown", text));
      return this;
    }
    read.entries().forEach(limits::put);
    fileKnown = true;
    known.complete(null);
    others.forEach(this::shareAllWith);
    work();
    return this;
  }

  // ---------------------------------------------------------------- changes

  private Behavior<Command> onChange(Change change) {
    changes.add(change);
    work();
    return this;
  }

  /** One write at a time. */
  private void work() {
    if (writing || !fileKnown) {
      return;
    }
    Change change = changes.poll();
    if (change == null && !dirty) {
      return;
    }
    Map<String, Entry> content = new LinkedHashMap<>();
    limits.all().forEach(entry -> content.put(entry.device().value(), entry));
    Entry changed =
        change == null
            ? null
            : limits
                .entry(change.device())
                .changed(System.currentTimeMillis() / 1000.0, change.who(), change.limits());
    if (changed != null) {
      content.put(changed.device().value(), changed);
    }
    writing = true;
    dirty = false;
    getContext()
        .pipeToSelf(
            CompletableFuture.runAsync(() -> write(content), disk),
            (done, error) ->
                new FileWritten(changed, change == null ? null : change.replyTo(), error));
  }

  private void write(Map<String, Entry> content) {
    try {
      file.write(new ArrayList<>(content.values()));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private Behavior<Command> onFileWritten(FileWritten written) {
    writing = false;
    if (written.error() != null) {
      getContext().getLog().error("ALARM {} can't be written", file, written.error());
      if (written.replyTo() != null) {
        written
            .replyTo()
            .tell(
                StatusReply.error(
                    new DeviceFailure(
                        "limits-not-kept",
                        "The limits stay as they are: the hutch's node can't write its file of limits; its log says why.")));
      }
    } else if (written.entry() != null) {
      hold(written.entry());
      others.forEach(other -> other.tell(new Share(List.of(written.entry()), self())));
      written.replyTo().tell(StatusReply.success(Done.getInstance()));
    }
    work();
    return this;
  }

  private void hold(Entry entry) {
    limits.put(entry);
    var change = entry.changes().get(entry.changes().size() - 1);
    getContext()
        .getLog()
        .info(
            "{}: limits {} -> {}, changed by {}",
            entry.device(),
            shown(change.before()),
            shown(change.after()),
            change.who());
  }

  private static String shown(Limits limits) {
    return limits.set() ? limits.low() + " to " + limits.high() : "none";
  }

  // ---------------------------------------------------------------- the other nodes

  private ActorRef<Request> self() {
    return getContext().getSelf().narrow();
  }

  private Behavior<Command> onKeepersFound(KeepersFound found) {
    Set<ActorRef<Request>> fresh = new HashSet<>(found.keepers());
    fresh.remove(self());
    fresh.removeAll(others);
    others.clear();
    others.addAll(found.keepers());
    others.remove(self());
    if (fileKnown) {
      fresh.forEach(this::shareAllWith);
    }
    return this;
  }

  private void shareAllWith(ActorRef<Request> other) {
    List<Entry> all = limits.all();
    if (!all.isEmpty()) {
      other.tell(new Share(all, self()));
    }
  }

  private Behavior<Command> onShare(Share share) {
    for (Entry entry : share.entries()) {
      dirty |= limits.put(entry);
    }
    work();
    return this;
  }
}

package org.beamhive.devices.registry;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.beamhive.devices.registry.RegistryEdits.Decision;
import org.beamhive.devices.registry.RegistryState.Hutch;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.NotReserved;
import org.beamhive.protocol.device.DeviceProtocol.ReserveReply;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol.AddDevice;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Change;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeMade;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeRefused;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeReply;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Changes;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Command;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ConfigView;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FollowHutch;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetChanges;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetConfig;
import org.beamhive.protocol.device.DeviceRegistryProtocol.HutchView;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ReloadDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.RemoveDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Request;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UndoChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UpdateDevices;
import org.beamhive.protocol.device.HutchDevicesProtocol;
import org.beamhive.protocol.device.HutchDevicesProtocol.FileContent;
import org.beamhive.protocol.device.HutchDevicesProtocol.ReadFile;
import org.beamhive.protocol.device.HutchDevicesProtocol.TakeDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Refusal;

/**
 * Keeps the configuration of all devices: a singleton on the control nodes. The nodes of the
 * hutches follow it; the device files are what it begins with.
 *
 * <p>Changes are made one after the other. Each is decided by {@link RegistryEdits}; then the
 * devices that it concerns, and those made of them, are asked to stay free, and one that a scan
 * uses refuses: nobody but the device itself knows that for certain. Then the change is written to
 * the journal, answered, and told to the hutches, whose devices start anew with their new
 * configuration.
 *
 * <p>After a failed write it is read from the journal again: what was being changed and what waited
 * is refused, and the devices are free again when their reservation is over.
 */
public final class DeviceRegistry
    extends EventSourcedBehavior<Command, RegistryEvent, RegistryState> {
  /** By which it is found, so that nodes can follow a new one at once. */
  public static final ServiceKey<Request> KEY = ServiceKey.create(Request.class, "device-registry");

  private static final int WAITING = 100;
  private static final int SHOWN = 100;

  /** The device file of a node that has just started is to be taken in. */
  private record LoadFile(HutchName hutch, ActorRef<HutchDevicesProtocol.Request> follower)
      implements DeviceRegistryProtocol.Internal {}

  private record FilesRead(List<FileContent> files) implements DeviceRegistryProtocol.Internal {}

  private record DevicesAsked(List<ReserveReply> answers)
      implements DeviceRegistryProtocol.Internal {}

  private record FollowerGone(ActorRef<HutchDevicesProtocol.Request> follower)
      implements DeviceRegistryProtocol.Internal {}

  private enum Next implements DeviceRegistryProtocol.Internal {
    NEXT
  }

  /** A node of a hutch, as it was heard of last. */
  private record Follower(
      HutchName hutch, String node, FileMark file, long version, List<String> mistakes) {
    Follower with(long newVersion) {
      return new Follower(hutch, node, file, newVersion, mistakes);
    }

    boolean runsDevices() {
      return version != 0;
    }
  }

  /**
   * A change under way.
   *
   * @param who asked for it, in words for a person; empty if nobody did
   * @param replyTo whom to answer; null if nobody asked
   */
  private record Work(
      Command request, String uid, boolean force, String who, ActorRef<ChangeReply> replyTo) {
    boolean load() {
      return request instanceof LoadFile;
    }
  }

  /** A device that is asked to stay free. */
  private record Asked(HutchName hutch, DeviceName device) {}

  /**
   * What the registry works with.
   *
   * @param devices a device, wherever it is
   * @param directory the list of devices
   */
  public record Parts(
      RegistrySettings settings,
      DeviceTypes types,
      BiFunction<HutchName, DeviceName, RecipientRef<DeviceProtocol.Request>> devices,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      Clock clock) {}

  private final ActorContext<Command> context;
  private final Parts parts;
  private final RegistryEdits edits;
  // what is not stored: changed by message handlers only, this actor has no futures
  private final Map<ActorRef<HutchDevicesProtocol.Request>, Follower> followers =
      new LinkedHashMap<>();
  private final ArrayDeque<Command> waiting = new ArrayDeque<>();
  private final Set<String> told = new HashSet<>();
  private Work current;
  private Decision decision;
  // the devices that are asked to stay free for it
  private List<Asked> asked = List.of();
  private int filesAsked;
  private long works;

  /** The registry of a beamline. */
  public static Behavior<Request> create(String beamline, Parts parts) {
    return Behaviors.<Command>setup(
            context -> {
              context.setLoggerName(DeviceRegistry.class);
              context
                  .getSystem()
                  .receptionist()
                  .tell(Receptionist.register(KEY, context.getSelf().narrow()));
              return new DeviceRegistry(context, beamline, parts);
            })
        .narrow();
  }

  private DeviceRegistry(ActorContext<Command> context, String beamline, Parts parts) {
    super(
        PersistenceId.of("device-registry", beamline),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.2));
    this.context = context;
    this.parts = parts;
    this.edits = new RegistryEdits(parts.types());
  }

  @Override
  public RegistryState emptyState() {
    return RegistryState.empty(parts.settings().history());
  }

  @Override
  public EventHandler<RegistryState, RegistryEvent> eventHandler() {
    int history = parts.settings().history();
    return (state, event) -> state.keeping(history).on(event);
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(parts.settings().snapshotEvery(), 2)
        .withDeleteEventsOnSnapshot();
  }

  @Override
  public SignalHandler<RegistryState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), state -> onRecoveryCompleted())
        .build();
  }

  private void onRecoveryCompleted() {
    if (current != null) {
      refuse(
          current,
          "not-written",
          "The journal did not confirm this change: see the history whether it was made.");
    }
    waiting.stream()
        .map(this::work)
        .forEach(
            work ->
                refuse(
                    work,
                    "not-written",
                    "The journal did not take the change before this one: nothing of it was made."));
    current = null;
    decision = null;
    waiting.clear();
  }

  private static void refuse(Work work, String code, String why) {
    if (work.replyTo() != null) {
      work.replyTo().tell(new ChangeRefused(Refusal.of(code, why)));
    }
  }

  @Override
  public CommandHandler<Command, RegistryEvent, RegistryState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(FollowHutch.class, this::onFollow)
        .onCommand(FollowerGone.class, this::onFollowerGone)
        .onCommand(GetConfig.class, this::onGetConfig)
        .onCommand(GetChanges.class, this::onGetChanges)
        .onCommand(FilesRead.class, this::onFilesRead)
        .onCommand(DevicesAsked.class, this::onDevicesAsked)
        .onCommand(Next.class, (state, next) -> onNext(state))
        .onCommand(AddDevice.class, this::onChange)
        .onCommand(UpdateDevices.class, this::onChange)
        .onCommand(RemoveDevices.class, this::onChange)
        .onCommand(ReloadDevices.class, this::onChange)
        .onCommand(UndoChange.class, this::onChange)
        .onCommand(LoadFile.class, this::onChange)
        .build();
  }

  // ---------------------------------------------------------------- one change after the other

  private Effect<RegistryEvent, RegistryState> onChange(RegistryState state, Command request) {
    if (current == null) {
      return begin(state, request);
    }
    if (waiting.size() < WAITING || request instanceof LoadFile) {
      waiting.add(request);
    } else {
      work(request)
          .replyTo()
          .tell(
              new ChangeRefused(
                  Refusal.of("busy", WAITING + " changes of devices wait already, try later.")));
    }
    return Effect().none();
  }

  private Effect<RegistryEvent, RegistryState> onNext(RegistryState state) {
    return current == null && !waiting.isEmpty() ? begin(state, waiting.poll()) : Effect().none();
  }

  private Work work(Command request) {
    String uid = context.getSelf().path().uid() + "-" + ++works;
    if (request instanceof AddDevice add) {
      return new Work(add, uid, false, add.who(), add.replyTo());
    } else if (request instanceof UpdateDevices update) {
      return new Work(update, uid, update.force(), update.who(), update.replyTo());
    } else if (request instanceof RemoveDevices remove) {
      return new Work(remove, uid, remove.force(), remove.who(), remove.replyTo());
    } else if (request instanceof ReloadDevices reload) {
      return new Work(reload, uid, reload.force(), reload.who(), reload.replyTo());
    } else if (request instanceof UndoChange undo) {
      return new Work(undo, uid, undo.force(), undo.who(), undo.replyTo());
    }
    return new Work(request, uid, false, "", null);
  }

  private Effect<RegistryEvent, RegistryState> begin(RegistryState state, Command request) {
    current = work(request);
    if (request instanceof AddDevice add) {
      return decided(state, edits.add(state, add));
    } else if (request instanceof UpdateDevices update) {
      return decided(state, edits.update(state, update.devices(), update.settings()));
    } else if (request instanceof RemoveDevices remove) {
      return decided(state, edits.remove(state, remove.devices()));
    } else if (request instanceof UndoChange) {
      return decided(state, edits.undo(state));
    } else if (request instanceof ReloadDevices reload) {
      return readFiles(state, reload);
    } else if (request instanceof LoadFile load) {
      askFiles(List.of(load.follower()));
      return Effect().none();
    }
    throw new IllegalStateException("no change: " + request);
  }

  private Effect<RegistryEvent, RegistryState> refuse(
      RegistryState state, String code, String text) {
    return refuse(state, Refusal.of(code, text));
  }

  private Effect<RegistryEvent, RegistryState> refuse(RegistryState state, Refusal refusal) {
    if (current.load()) {
      context
          .getLog()
          .warn("The device file of a node that has started is not in force: {}", refusal.text());
    }
    return finish(state, new ChangeRefused(refusal));
  }

  private Effect<RegistryEvent, RegistryState> finish(RegistryState state, ChangeReply reply) {
    Work done = current;
    current = null;
    decision = null;
    if (done.replyTo() != null) {
      done.replyTo().tell(reply);
    }
    if (done.request() instanceof LoadFile load) {
      tellNewDevices(state, load.follower());
    }
    context.getSelf().tell(Next.NEXT);
    return Effect().none();
  }

  // ---------------------------------------------------------------- device files

  private Effect<RegistryEvent, RegistryState> readFiles(
      RegistryState state, ReloadDevices reload) {
    Set<String> hutches =
        reload.hutch() == null ? state.hutches().keySet() : Set.of(reload.hutch().value());
    for (String hutch : hutches) {
      if (!state.hutches().containsKey(hutch)) {
        return refuse(
            state,
            "unknown-hutch",
            "There is no hutch '%s'; there are %s."
                .formatted(hutch, String.join(", ", state.hutches().keySet())));
      }
      if (followersOf(hutch).isEmpty()) {
        return refuse(
            state,
            "not-answering",
            "No node of hutch %s is up: its device file can't be read.".formatted(hutch));
      }
    }
    askFiles(hutches.stream().flatMap(hutch -> followersOf(hutch).stream()).toList());
    return Effect().none();
  }

  private List<ActorRef<HutchDevicesProtocol.Request>> followersOf(String hutch) {
    return followers.entrySet().stream()
        .filter(follower -> follower.getValue().hutch().value().equals(hutch))
        .map(Map.Entry::getKey)
        .toList();
  }

  private void askFiles(List<ActorRef<HutchDevicesProtocol.Request>> nodes) {
    filesAsked = nodes.size();
    List<Consumer<ActorRef<FileContent>>> questions = new ArrayList<>();
    nodes.forEach(node -> questions.add(replyTo -> node.tell(new ReadFile(replyTo))));
    ActorRef<Command> self = context.getSelf();
    context.spawnAnonymous(
        Gather.create(
            FileContent.class,
            questions,
            parts.settings().answerTimeout(),
            files -> self.tell(new FilesRead(List.copyOf(files)))));
  }

  private Effect<RegistryEvent, RegistryState> onFilesRead(RegistryState state, FilesRead read) {
    if (current == null) {
      return Effect().none();
    }
    if (read.files().size() < filesAsked) {
      return refuse(
          state,
          "not-answering",
          "Not every node has read its device file within %s s."
              .formatted(parts.settings().answerTimeout().toMillis() / 1000.0));
    }
    Map<String, FileContent> byHutch = new LinkedHashMap<>();
    for (FileContent file : read.files()) {
      FileContent other = byHutch.putIfAbsent(file.hutch().value(), file);
      if (other != null && !other.file().digest().equals(file.file().digest())) {
        return refuse(
            state,
            "bad-device-file",
            "The nodes of hutch %s have different devices in their files, %s on %s and %s on %s."
                .formatted(
                    file.hutch(),
                    other.file().file(),
                    other.node(),
                    file.file().file(),
                    file.node()));
      }
    }
    String kind = current.load() ? RegistryState.LOADED : "reloaded";
    return decided(state, edits.load(state, kind, List.copyOf(byHutch.values())));
  }

  // ---------------------------------------------------------------- who uses the devices

  private Effect<RegistryEvent, RegistryState> decided(RegistryState state, Decision made) {
    if (made.refusal() != null) {
      return refuse(state, made.refusal());
    }
    if (made.nothing()) {
      return finish(
          state,
          new ChangeMade(new Change(0, now(), made.kind(), 0, List.of(), 0, false, current.who())));
    }
    decision = made;
    Map<HutchName, Set<DeviceName>> running = new LinkedHashMap<>();
    for (DeviceChange change : made.changes()) {
      if (change.before() == null) {
        continue;
      }
      if (runs(change.hutch())) {
        running
            .computeIfAbsent(change.hutch(), hutch -> new LinkedHashSet<>())
            .add(change.device());
      } else if (!current.force() && !current.load()) {
        return refuse(
            state,
            "not-answering",
            "No node of hutch %s is up, so whether a scan uses device %s can't be known; it can be changed by force."
                .formatted(change.hutch(), change.device()));
      }
    }
    List<Asked> free = new ArrayList<>();
    running.forEach(
        (hutch, devices) -> {
          devices.forEach(device -> free.add(new Asked(hutch, device)));
          // a scan that uses a pseudo axis uses the motors that it is made of
          edits.madeOf(state, hutch, devices).forEach(device -> free.add(new Asked(hutch, device)));
        });
    asked = List.copyOf(free);
    if (asked.isEmpty()) {
      return commit();
    }
    reserve();
    return Effect().none();
  }

  private boolean runs(HutchName hutch) {
    return followers.values().stream()
        .anyMatch(follower -> follower.hutch().equals(hutch) && follower.runsDevices());
  }

  private void reserve() {
    List<Consumer<ActorRef<ReserveReply>>> questions = new ArrayList<>();
    Duration atMost = parts.settings().reservation();
    String uid = current.uid();
    for (Asked one : asked) {
      RecipientRef<DeviceProtocol.Request> device =
          parts.devices().apply(one.hutch(), one.device());
      questions.add(replyTo -> device.tell(new DeviceProtocol.Reserve(uid, atMost, replyTo)));
    }
    ActorRef<Command> self = context.getSelf();
    context.spawnAnonymous(
        Gather.create(
            ReserveReply.class,
            questions,
            parts.settings().answerTimeout(),
            answers -> self.tell(new DevicesAsked(List.copyOf(answers)))));
  }

  private Effect<RegistryEvent, RegistryState> onDevicesAsked(
      RegistryState state, DevicesAsked answered) {
    if (current == null || decision == null) {
      return Effect().none();
    }
    List<NotReserved> inUse =
        answered.answers().stream()
            .filter(NotReserved.class::isInstance)
            .map(NotReserved.class::cast)
            .toList();
    if (!inUse.isEmpty()) {
      release();
      return refuse(
          state,
          inUse.get(0).problem().code(),
          inUse.stream().map(one -> one.problem().text()).collect(Collectors.joining("\n")));
    }
    Set<DeviceName> silent = new LinkedHashSet<>();
    asked.forEach(one -> silent.add(one.device()));
    answered.answers().forEach(answer -> silent.remove(answer.device()));
    if (!silent.isEmpty() && !current.force()) {
      release();
      return refuse(
          state,
          "not-answering",
          "%s did not answer, so whether a scan uses it can't be known; it can be changed by force."
              .formatted(silent.stream().map(DeviceName::value).collect(Collectors.joining(", "))));
    }
    return commit();
  }

  private void release() {
    for (Asked one : asked) {
      parts
          .devices()
          .apply(one.hutch(), one.device())
          .tell(new DeviceProtocol.Release(current.uid()));
    }
  }

  // ---------------------------------------------------------------- what was changed

  private double now() {
    Instant now = parts.clock().instant();
    return now.getEpochSecond() + now.getNano() * 1e-9;
  }

  private Effect<RegistryEvent, RegistryState> commit() {
    Decision made = decision;
    // from here on nothing else may end it
    decision = null;
    return Effect()
        .persist(
            new RegistryEvent.Changed(
                now(), made.kind(), made.changes(), made.files(), made.undoes(), current.who()))
        .thenRun(after -> onCommitted(after, made));
  }

  private void onCommitted(RegistryState after, Decision made) {
    Change change = after.history().get(after.history().size() - 1);
    context
        .getLog()
        .info(
            "Devices {}, change {}: {}{}",
            change.kind(),
            change.version(),
            shown(made.changes()),
            change.who().isEmpty() ? "" : ", as " + change.who() + " has asked");
    Set<String> hutches = new LinkedHashSet<>(made.files().keySet());
    made.changes().forEach(each -> hutches.add(each.hutch().value()));
    for (String hutch : hutches) {
      followersOf(hutch).forEach(follower -> tellDevices(after, follower));
    }
    for (DeviceChange each : made.changes()) {
      // where nobody runs it nobody will say that it has gone
      if (each.after() == null && !runs(each.hutch())) {
        parts.directory().tell(new DeviceDirectoryProtocol.Gone(each.device()));
      }
    }
    finish(after, new ChangeMade(shortened(change)));
  }

  private static String shown(List<DeviceChange> changes) {
    return changes.isEmpty()
        ? "no device"
        : changes.stream()
            .limit(10)
            .map(change -> change.device().value())
            .collect(Collectors.joining(", ", "", changes.size() > 10 ? ", ..." : ""));
  }

  private static Change shortened(Change change) {
    return new Change(
        change.version(),
        change.time(),
        change.kind(),
        change.count(),
        change.devices().subList(0, Math.min(SHOWN, change.devices().size())),
        change.undoes(),
        change.undone(),
        change.who());
  }

  // ---------------------------------------------------------------- the hutches

  private Effect<RegistryEvent, RegistryState> onFollow(RegistryState state, FollowHutch follow) {
    Follower before =
        followers.put(
            follow.follower(),
            new Follower(
                follow.hutch(), follow.node(), follow.file(), follow.version(), follow.mistakes()));
    if (before == null) {
      context.watchWith(follow.follower(), new FollowerGone(follow.follower()));
    }
    Hutch hutch = state.hutches().get(follow.hutch().value());
    // a file with mistakes is taken in by nobody: the devices that are known go on
    boolean wrong = !follow.mistakes().isEmpty();
    if (hutch == null || follow.version() == 0 && !wrong && takesIn(hutch, follow.file())) {
      LoadFile load = new LoadFile(follow.hutch(), follow.follower());
      boolean known = waiting.contains(load) || current != null && current.request().equals(load);
      return known ? Effect().none() : onChange(state, load);
    }
    tellNewDevices(state, follow.follower());
    report(hutch, follow);
    return Effect().none();
  }

  /**
   * The file of a node that has just started counts as long as nobody has changed the devices since
   * they were loaded; or it is now what they have been changed to.
   */
  private static boolean takesIn(Hutch hutch, FileMark file) {
    return !file.digest().equals(hutch.file().digest())
        && (!hutch.changed() || file.digest().equals(hutch.digest()));
  }

  private void report(Hutch hutch, FollowHutch follow) {
    String difference = difference(hutch, followers.get(follow.follower()));
    if (!difference.isEmpty()
        && told.add(follow.node() + follow.file().digest() + follow.mistakes())) {
      context.getLog().warn(difference);
    }
  }

  /** Empty if the file is the one that was loaded. */
  private static String difference(Hutch hutch, Follower node) {
    FileMark file = node.file();
    if (!node.mistakes().isEmpty()) {
      return "The device file %s on %s is not in force, since it has mistakes; hutch %s goes on with the devices that it had.\n%s"
          .formatted(file.file(), node.node(), node.hutch(), String.join("\n", node.mistakes()));
    }
    return file.digest().equals(hutch.file().digest())
        ? ""
        : "The device file %s on %s is not in force: it differs from the one that hutch %s was loaded from%s. Reload the hutch to take it in."
            .formatted(
                file.file().isEmpty() ? "(none)" : file.file(),
                node.node(),
                node.hutch(),
                hutch.changed() ? ", and its devices have been changed since" : "");
  }

  /** Tells a node that does not have them yet. */
  private void tellNewDevices(
      RegistryState state, ActorRef<HutchDevicesProtocol.Request> reference) {
    Follower follower = followers.get(reference);
    Hutch hutch = follower == null ? null : state.hutches().get(follower.hutch().value());
    if (hutch != null && follower.version() != hutch.version()) {
      tellDevices(state, reference);
    }
  }

  private void tellDevices(RegistryState state, ActorRef<HutchDevicesProtocol.Request> reference) {
    Follower follower = followers.get(reference);
    Hutch hutch = follower == null ? null : state.hutches().get(follower.hutch().value());
    if (hutch != null) {
      reference.tell(
          new TakeDevices(follower.hutch(), hutch.version(), hutch.entries(follower.hutch())));
      followers.put(reference, follower.with(hutch.version()));
    }
  }

  private Effect<RegistryEvent, RegistryState> onFollowerGone(
      RegistryState state, FollowerGone gone) {
    followers.remove(gone.follower());
    return Effect().none();
  }

  // ---------------------------------------------------------------- what others see

  private Effect<RegistryEvent, RegistryState> onGetConfig(RegistryState state, GetConfig get) {
    List<HutchView> hutches = new ArrayList<>();
    List<DeviceEntry> devices = new ArrayList<>();
    state
        .hutches()
        .forEach(
            (name, hutch) -> {
              HutchName known = new HutchName(name);
              hutches.add(view(known, hutch));
              devices.addAll(hutch.entries(known));
            });
    get.replyTo().tell(new ConfigView(state.version(), hutches, devices));
    return Effect().none();
  }

  private HutchView view(HutchName name, Hutch hutch) {
    List<Follower> nodes =
        followers.values().stream().filter(node -> node.hutch().equals(name)).toList();
    return new HutchView(
        name,
        hutch.file(),
        hutch.changed(),
        nodes.stream().map(Follower::node).toList(),
        nodes.stream()
            .map(node -> difference(hutch, node))
            .filter(difference -> !difference.isEmpty())
            .toList());
  }

  private Effect<RegistryEvent, RegistryState> onGetChanges(RegistryState state, GetChanges get) {
    get.replyTo()
        .tell(new Changes(state.history().stream().map(DeviceRegistry::shortened).toList()));
    return Effect().none();
  }
}

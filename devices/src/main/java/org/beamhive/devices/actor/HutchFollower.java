package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.Mistake;
import org.beamhive.devices.registry.DeviceRegistry;
import org.beamhive.devices.registry.FileDigest;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.device.HutchDevicesProtocol.Command;
import org.beamhive.protocol.device.HutchDevicesProtocol.FileContent;
import org.beamhive.protocol.device.HutchDevicesProtocol.Internal;
import org.beamhive.protocol.device.HutchDevicesProtocol.ReadFile;
import org.beamhive.protocol.device.HutchDevicesProtocol.Request;
import org.beamhive.protocol.device.HutchDevicesProtocol.TakeDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;

/**
 * Follows the device registry for a node of a hutch: tells it of the node's device file, and the
 * node's devices of every change.
 *
 * <p>It has one state. A node that starts while the registry is away begins after a while with what
 * it knew last, or with its file; what the registry says later counts more. Should it fail, it is
 * started again and asks anew.
 */
final class HutchFollower extends AbstractBehavior<Command> {
  /** It is time to ask the registry. */
  private enum Ask implements Internal {
    ASK
  }

  /** The registry has been away for too long. */
  private enum WaitedEnough implements Internal {
    WAITED_ENOUGH
  }

  /** There is a registry, perhaps a new one. */
  private record RegistryFound(boolean any) implements Internal {}

  private record FileRead(FileContent content, ActorRef<FileContent> replyTo, Throwable error)
      implements Internal {}

  private record KnownRead(List<DeviceEntry> devices, Throwable error) implements Internal {}

  private record KnownWritten(List<DeviceEntry> devices, Throwable error) implements Internal {}

  /**
   * What it works with.
   *
   * @param node {@code host:port}
   * @param wake tells devices to look whether they have changed
   * @param retry between questions until the registry has answered
   * @param interval between questions afterwards
   * @param patience after which the node begins without the registry
   */
  record Parts(
      ActorRef<DeviceRegistryProtocol.Request> registry,
      HutchName hutch,
      String node,
      HutchFile file,
      KnownDevices known,
      HutchDevices devices,
      Consumer<List<DeviceName>> wake,
      DeviceTypes types,
      Clock clock,
      Duration retry,
      Duration interval,
      Duration patience) {}

  private final TimerScheduler<Command> timers;
  private final Parts parts;
  private final Executor disk;
  // of the file as it was last read
  private FileMark mark;
  private List<String> mistakes;
  private long version;
  private boolean heard;
  private boolean writing;
  // the last write could not be done
  private boolean failing;
  // what is to be written next; null if that is nothing
  private List<DeviceEntry> unwritten;

  /** A follower, for a file that has just been read. */
  static Behavior<Command> create(Parts parts, HutchFile.Content inFile) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(HutchFollower.class);
                  return new HutchFollower(context, timers, parts, inFile);
                }));
  }

  private HutchFollower(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Parts parts,
      HutchFile.Content inFile) {
    super(context);
    this.timers = timers;
    this.parts = parts;
    this.disk = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    this.mark = mark(entries(inFile.devices()));
    this.mistakes = inFile.mistakes();
    mistakes.forEach(
        mistake -> context.getLog().warn("The device file is not in force: {}", mistake));
    // started again while devices run: they are not to be loaded as if nobody ran
    this.version = parts.devices().isKnown() ? -1 : 0;
    ActorRef<Receptionist.Listing> listings =
        context.messageAdapter(
            Receptionist.Listing.class,
            listing ->
                new RegistryFound(!listing.getServiceInstances(DeviceRegistry.KEY).isEmpty()));
    context.getSystem().receptionist().tell(Receptionist.subscribe(DeviceRegistry.KEY, listings));
    timers.startTimerWithFixedDelay(Ask.ASK, Ask.ASK, Duration.ZERO, parts.retry());
    timers.startSingleTimer(WaitedEnough.WAITED_ENOUGH, parts.patience());
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Ask.class, ask -> onAsk())
        .onMessage(RegistryFound.class, this::onRegistryFound)
        .onMessage(TakeDevices.class, this::onTakeDevices)
        .onMessage(ReadFile.class, this::onReadFile)
        .onMessage(FileRead.class, this::onFileRead)
        .onMessage(WaitedEnough.class, waited -> onWaitedEnough())
        .onMessage(KnownRead.class, this::onKnownRead)
        .onMessage(KnownWritten.class, this::onKnownWritten)
        .build();
  }

  // ---------------------------------------------------------------- the registry

  private Behavior<Command> onAsk() {
    if (unwritten != null && !writing) {
      write(unwritten);
    }
    if (heard) {
      // the file may have been edited: the registry is to know that it differs
      readFile(null);
    }
    follow();
    return this;
  }

  private void follow() {
    parts
        .registry()
        .tell(
            new DeviceRegistryProtocol.FollowHutch(
                parts.hutch(),
                parts.node(),
                mark,
                version,
                mistakes,
                getContext().getSelf().<Request>narrow()));
  }

  private Behavior<Command> onRegistryFound(RegistryFound found) {
    if (found.any()) {
      follow();
    }
    return this;
  }

  private Behavior<Command> onTakeDevices(TakeDevices take) {
    if (!heard) {
      heard = true;
      timers.cancel(WaitedEnough.WAITED_ENOUGH);
      timers.startTimerWithFixedDelay(Ask.ASK, parts.interval());
    }
    if (take.version() == version) {
      return this;
    }
    version = take.version();
    use(take.devices());
    write(take.devices());
    return this;
  }

  private void use(List<DeviceEntry> entries) {
    List<DeviceConfig> devices = new ArrayList<>();
    for (DeviceEntry entry : entries) {
      DeviceFile read = DeviceFile.device(entry.name().value(), entry.settings(), parts.types());
      devices.addAll(read.devices());
      for (Mistake mistake : read.mistakes()) {
        getContext().getLog().error("ALARM {} can't be used here: {}", entry.name(), mistake);
      }
    }
    List<DeviceName> changed = parts.devices().replace(devices);
    if (!changed.isEmpty()) {
      getContext()
          .getLog()
          .info(
              "Hutch {}: {} devices, {} of them new or changed",
              parts.hutch(),
              devices.size(),
              changed.size());
    }
    parts.wake().accept(changed);
  }

  // ---------------------------------------------------------------- the device file

  private static List<DeviceEntry> entries(List<DeviceConfig> devices) {
    // the digest does not depend on the hutch
    HutchName any = new HutchName("any");
    return devices.stream()
        .map(device -> new DeviceEntry(device.name(), any, device.settings()))
        .toList();
  }

  private FileMark mark(List<DeviceEntry> devices) {
    return new FileMark(
        parts.file().name(), FileDigest.of(devices), parts.clock().millis() / 1000.0);
  }

  private Behavior<Command> onReadFile(ReadFile read) {
    readFile(read.replyTo());
    return this;
  }

  private void readFile(ActorRef<FileContent> replyTo) {
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(this::content, disk),
            (content, error) -> new FileRead(content, replyTo, error));
  }

  private FileContent content() {
    HutchFile.Content content = parts.file().read();
    List<DeviceEntry> devices =
        content.devices().stream()
            .map(device -> new DeviceEntry(device.name(), parts.hutch(), device.settings()))
            .toList();
    return new FileContent(
        parts.hutch(),
        parts.node(),
        mark(devices),
        content.mistakes().isEmpty() ? devices : List.of(),
        content.mistakes());
  }

  private FileContent unreadable(Throwable error) {
    String mistake = DeviceFailure.refusalOf(parts.file().name(), error).text();
    return new FileContent(parts.hutch(), parts.node(), mark, List.of(), List.of(mistake));
  }

  private Behavior<Command> onFileRead(FileRead read) {
    if (read.error() != null) {
      getContext().getLog().error("The device file can't be read", read.error());
      if (read.replyTo() != null) {
        read.replyTo().tell(unreadable(read.error()));
      }
      return this;
    }
    boolean edited =
        !read.content().file().digest().equals(mark.digest())
            || !read.content().mistakes().equals(mistakes);
    mistakes = read.content().mistakes();
    if (read.content().mistakes().isEmpty()) {
      mark = read.content().file();
    }
    if (read.replyTo() != null) {
      read.replyTo().tell(read.content());
    } else if (edited) {
      follow();
    }
    return this;
  }

  // ---------------------------------------------------------------- without the registry

  private Behavior<Command> onWaitedEnough() {
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(() -> known(parts), disk),
            (devices, error) ->
                new KnownRead(devices == null ? null : devices.orElse(null), error));
    return this;
  }

  private static Optional<List<DeviceEntry>> known(Parts parts) {
    try {
      return parts.known().read(parts.hutch());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private Behavior<Command> onKnownRead(KnownRead known) {
    if (heard) {
      return this;
    }
    if (known.error() != null) {
      getContext().getLog().error("{} can't be read", parts.known(), known.error());
    }
    boolean file = known.devices() == null;
    getContext()
        .getLog()
        .warn(
            "No device registry for {}: hutch {} begins with {}",
            Silence.shown(parts.patience()),
            parts.hutch(),
            file ? "the devices of its file" : "those that it had last");
    version = -1;
    use(
        file
            ? parts.devices().inOrder().stream()
                .map(device -> new DeviceEntry(device.name(), parts.hutch(), device.settings()))
                .toList()
            : known.devices());
    return this;
  }

  /** One write at a time; the newest content wins. */
  private void write(List<DeviceEntry> devices) {
    if (writing) {
      unwritten = devices;
      return;
    }
    writing = true;
    unwritten = null;
    KnownDevices known = parts.known();
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(
            () -> {
              try {
                known.write(devices);
              } catch (IOException failed) {
                throw new UncheckedIOException(failed);
              }
            },
            disk);
    getContext().pipeToSelf(written, (done, error) -> new KnownWritten(devices, error));
  }

  private Behavior<Command> onKnownWritten(KnownWritten written) {
    writing = false;
    if (unwritten != null) {
      write(unwritten);
    } else if (written.error() != null) {
      unwritten = written.devices();
    }
    // once, not at each try
    if (written.error() != null && !failing) {
      getContext()
          .getLog()
          .error(
              "{} can't be written, which is tried again: it matters if this node starts while no"
                  + " control node is up",
              parts.known(),
              written.error());
    } else if (written.error() == null && failing) {
      getContext().getLog().info("{} has been written", parts.known());
    }
    failing = written.error() != null;
    return this;
  }
}

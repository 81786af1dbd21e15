package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to the DeviceRegistry, which keeps the configuration of all devices: which there
 * are, in which hutch, with which settings. Settings are the keys of BEC's device file.
 */
public final class DeviceRegistryProtocol {
  private DeviceRegistryProtocol() {}

  /** All that the registry handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits FollowHutch,
          GetConfig,
          GetChanges,
          AddDevice,
          UpdateDevices,
          RemoveDevices,
          ReloadDevices,
          UndoChange {}

  /** What the registry tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * A device file as a node has read it. Stored: a new component needs a default.
   *
   * @param file its path on that node; empty if the node has none
   * @param digest of the devices in it: two files with the same devices have the same
   * @param readAt when, seconds since 1970
   */
  public record FileMark(String file, String digest, double readAt) {}

  /**
   * What became of one device. Stored: a new component needs a default.
   *
   * @param before its settings; null if it was added
   * @param after its settings; null if it was removed
   */
  public record DeviceChange(
      DeviceName device, HutchName hutch, Value.Fields before, Value.Fields after) {}

  /** A device and its settings. */
  public record DeviceEntry(DeviceName name, HutchName hutch, Value.Fields settings) {}

  /**
   * A node wants the devices of its hutch: now, unless it has this version, and whenever they
   * change; sent again from time to time. Answers the follower with {@link
   * HutchDevicesProtocol.TakeDevices}.
   *
   * @param node {@code host:port}
   * @param file its device file
   * @param version which it has; 0 if it has just started and runs no device yet, -1 if it runs
   *     what it knew from before
   * @param mistakes what is wrong with its device file, a sentence each; empty if an older node
   *     does not say it
   */
  public record FollowHutch(
      HutchName hutch,
      String node,
      FileMark file,
      long version,
      List<String> mistakes,
      ActorRef<HutchDevicesProtocol.Request> follower)
      implements Request {
    public FollowHutch {
      mistakes = mistakes == null ? List.of() : List.copyOf(mistakes);
    }

    /** For a node whose device file has no mistakes. */
    public FollowHutch(
        HutchName hutch,
        String node,
        FileMark file,
        long version,
        ActorRef<HutchDevicesProtocol.Request> follower) {
      this(hutch, node, file, version, List.of(), follower);
    }
  }

  /** Everything. Answers with a {@link ConfigView}. */
  public record GetConfig(ActorRef<ConfigView> replyTo) implements Request {}

  /** What was changed, the newest last. Answers with {@link Changes}. */
  public record GetChanges(ActorRef<Changes> replyTo) implements Request {}

  /**
   * Adds a device. Answers with a {@link ChangeReply}.
   *
   * @param hutch whose nodes are to have it; null for the only one that there is
   * @param who asks, for the log and the history; empty if an older node does not say it
   */
  public record AddDevice(
      DeviceName device,
      HutchName hutch,
      Value.Fields settings,
      String who,
      ActorRef<ChangeReply> replyTo)
      implements Request {
    public AddDevice {
      who = who == null ? "" : who;
    }
  }

  /**
   * Changes settings of devices, of each the same. In {@code deviceConfig} and {@code
   * userParameter} only the keys that are given change, null takes one out. Answers with a {@link
   * ChangeReply}.
   *
   * @param force also where no node answers for a device
   * @param who asks, for the log and the history; empty if an older node does not say it
   */
  public record UpdateDevices(
      List<DeviceName> devices,
      Value.Fields settings,
      boolean force,
      String who,
      ActorRef<ChangeReply> replyTo)
      implements Request {
    public UpdateDevices {
      devices = List.copyOf(devices);
      who = who == null ? "" : who;
    }
  }

  /**
   * Removes devices. Answers with a {@link ChangeReply}.
   *
   * @param force also where no node answers for a device
   * @param who asks, for the log and the history; empty if an older node does not say it
   */
  public record RemoveDevices(
      List<DeviceName> devices, boolean force, String who, ActorRef<ChangeReply> replyTo)
      implements Request {
    public RemoveDevices {
      devices = List.copyOf(devices);
      who = who == null ? "" : who;
    }
  }

  /**
   * Makes the devices those of the device files as they are now. Answers with a {@link
   * ChangeReply}.
   *
   * @param hutch of which; null for all
   * @param force also where no node answers for a device
   * @param who asks, for the log and the history; empty if an older node does not say it
   */
  public record ReloadDevices(
      HutchName hutch, boolean force, String who, ActorRef<ChangeReply> replyTo)
      implements Request {
    public ReloadDevices {
      who = who == null ? "" : who;
    }
  }

  /**
   * Takes back the newest change that has not been taken back. Answers with a {@link ChangeReply}.
   *
   * @param force also where no node answers for a device
   * @param who asks, for the log and the history; empty if an older node does not say it
   */
  public record UndoChange(boolean force, String who, ActorRef<ChangeReply> replyTo)
      implements Request {
    public UndoChange {
      who = who == null ? "" : who;
    }
  }

  /**
   * One change. Stored: a new component needs a default.
   *
   * @param version counted from 1
   * @param time seconds since 1970
   * @param kind {@code loaded}, {@code added}, {@code updated}, {@code removed}, {@code reloaded}
   *     or {@code undone}
   * @param count how many devices it changed
   * @param devices what became of them, of many only the first
   * @param undoes the version that it took back, or 0
   * @param undone whether it has been taken back
   * @param who has asked for it; empty if nobody has, as for {@code loaded}, or if it is from
   *     before this was kept
   */
  public record Change(
      long version,
      double time,
      String kind,
      int count,
      List<DeviceChange> devices,
      long undoes,
      boolean undone,
      String who) {
    public Change {
      devices = List.copyOf(devices);
      who = who == null ? "" : who;
    }
  }

  /** The answer to a request for a change. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = ChangeMade.class, name = "made"),
    @JsonSubTypes.Type(value = ChangeRefused.class, name = "refused")
  })
  public sealed interface ChangeReply extends CborSerializable permits ChangeMade, ChangeRefused {}

  /** It is durable, and on its way to the hutches. A change of nothing has the version 0. */
  public record ChangeMade(Change change) implements ChangeReply {}

  /** Nothing was changed. */
  public record ChangeRefused(Refusal refusal) implements ChangeReply {}

  /** The answer to {@link GetChanges}. */
  public record Changes(List<Change> changes) implements CborSerializable {
    public Changes {
      changes = List.copyOf(changes);
    }
  }

  /**
   * The configuration.
   *
   * @param version of the newest change
   * @param devices in the order of hutches, then as they were given
   */
  public record ConfigView(long version, List<HutchView> hutches, List<DeviceEntry> devices)
      implements CborSerializable {
    public ConfigView {
      hutches = List.copyOf(hutches);
      devices = List.copyOf(devices);
    }
  }

  /**
   * A hutch in the registry.
   *
   * @param file that its devices were loaded from
   * @param changed whether they have been changed since
   * @param nodes of the hutch that are up
   * @param differences a sentence for each device file that is not what counts
   */
  public record HutchView(
      HutchName hutch,
      FileMark file,
      boolean changed,
      List<String> nodes,
      List<String> differences) {
    public HutchView {
      nodes = List.copyOf(nodes);
      differences = List.copyOf(differences);
    }
  }
}

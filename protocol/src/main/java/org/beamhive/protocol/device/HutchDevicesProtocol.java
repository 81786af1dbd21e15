package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.wire.CborSerializable;

/** What the DeviceRegistry says to a node of a hutch, which follows it. */
public final class HutchDevicesProtocol {
  private HutchDevicesProtocol() {}

  /** All that a follower handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable permits TakeDevices, ReadFile {}

  /** What a follower tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * From now on these are the devices of the hutch. No answer.
   *
   * @param version of the newest change that concerns the hutch
   */
  public record TakeDevices(HutchName hutch, long version, List<DeviceEntry> devices)
      implements Request {
    public TakeDevices {
      devices = List.copyOf(devices);
    }
  }

  /** Read the node's device file anew. Answers with its {@link FileContent}. */
  public record ReadFile(ActorRef<FileContent> replyTo) implements Request {}

  /**
   * What is in a device file now.
   *
   * @param node {@code host:port}
   * @param devices empty if there are mistakes
   * @param mistakes all of them, a sentence each
   */
  public record FileContent(
      HutchName hutch, String node, FileMark file, List<DeviceEntry> devices, List<String> mistakes)
      implements CborSerializable {
    public FileContent {
      devices = List.copyOf(devices);
      mistakes = List.copyOf(mistakes);
    }
  }
}

package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to those who stop devices: one on each node that has some, so that a stop needs
 * neither the queue nor the list of devices.
 */
public final class HutchStopProtocol {
  private HutchStopProtocol() {}

  /** All that it handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable permits StopDevices {}

  /** What it tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * Tell the devices of this node to stop at once, whatever they do and whoever has them. Answers
   * with {@link DevicesStopped} when they have been told and have said what came of it.
   *
   * @param only this device; null for all
   * @param who asks, for the log
   */
  public record StopDevices(DeviceName only, String who, ActorRef<DevicesStopped> replyTo)
      implements Request {}

  /**
   * These have been told.
   *
   * @param node {@code host:port}
   * @param devices all that were told
   * @param notConnected those of them that may go on, because they are not connected: they can
   *     move, be triggered or fly; empty if an older node does not say it
   * @param notStopped those of them that may go on although they are connected; empty if an older
   *     node does not say it
   */
  public record DevicesStopped(
      String node,
      List<DeviceName> devices,
      List<DeviceName> notConnected,
      List<NotStopped> notStopped)
      implements CborSerializable {
    public DevicesStopped {
      devices = List.copyOf(devices);
      notConnected = notConnected == null ? List.of() : List.copyOf(notConnected);
      notStopped = notStopped == null ? List.of() : List.copyOf(notStopped);
    }
  }

  /**
   * It was told to stop, and may go on.
   *
   * @param because a sentence for the operator
   */
  public record NotStopped(DeviceName device, String because) {}
}

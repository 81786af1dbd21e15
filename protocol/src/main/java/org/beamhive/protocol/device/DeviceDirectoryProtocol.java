package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to the DeviceDirectory, the one list of the beamline's devices and their states.
 */
public final class DeviceDirectoryProtocol {
  private DeviceDirectoryProtocol() {}

  /** All that the directory handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits Report, Gone, GetDevices, Subscribe {}

  /** What the directory tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * A device tells what it is and how it is: when that changes, and from time to time. No answer.
   */
  public record Report(DeviceView view) implements Request {}

  /** A device has been removed from the configuration. No answer. */
  public record Gone(DeviceName device) implements Request {}

  /** All devices. Answers with {@link Devices}. */
  public record GetDevices(ActorRef<Devices> replyTo) implements Request {}

  /**
   * All devices now, and again whenever one changes. Answers with {@link Devices} each time until
   * the subscriber stops.
   */
  public record Subscribe(ActorRef<Devices> replyTo) implements Request {}

  /**
   * The devices, by name.
   *
   * @param version counts the changes of what devices exist and can do; changes of state alone
   *     leave it
   * @param devices every device known, in the order of names
   */
  public record Devices(long version, List<DeviceView> devices) implements CborSerializable {
    public Devices {
      devices = List.copyOf(devices);
    }
  }
}

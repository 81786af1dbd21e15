package org.beamhive.protocol.document;

import java.util.List;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.RunUid;

/**
 * The descriptor of a stream: what its events hold.
 *
 * @param uid its uid
 * @param run whose stream it is
 * @param time when it was made, seconds since 1970
 * @param name the stream, for example {@code primary}
 * @param devices the devices that are read together, in this order
 */
public record EventDescriptor(
    String uid, RunUid run, double time, String name, List<DeviceDescription> devices)
    implements Document {
  public EventDescriptor {
    devices = List.copyOf(devices);
  }
}

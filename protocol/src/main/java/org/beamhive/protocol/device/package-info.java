/**
 * What one says to a device and to the list of devices.
 *
 * <p>Start with {@link org.beamhive.protocol.device.DeviceProtocol}. Of Akka only {@code ActorRef}
 * may be imported.
 */
package org.beamhive.protocol.device;

/**
 * The kinds of devices, each made of signals.
 *
 * <p>Start with {@link org.beamhive.devices.type.Device}; a new kind is a class and one line in
 * {@link org.beamhive.devices.type.DeviceTypes}. May import {@code signal}, {@code backend} and the
 * protocol's model, never Akka.
 */
package org.beamhive.devices.type;

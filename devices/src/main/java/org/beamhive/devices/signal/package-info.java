/**
 * One value of the control system: a PV or a simulated one, whatever brings it here.
 *
 * <p>Start with {@link org.beamhive.devices.signal.Signal}; a backend implements {@link
 * org.beamhive.devices.signal.SignalBackend}. May import the protocol's model, never Akka.
 */
package org.beamhive.devices.signal;

/**
 * EPICS Channel Access: signals that are PVs.
 *
 * <p>Start with {@link org.beamhive.devices.backend.ca.CaLink}. No type of the Channel Access
 * library leaves this package. May import {@code signal} and the protocol's model, never Akka.
 */
package org.beamhive.devices.backend.ca;

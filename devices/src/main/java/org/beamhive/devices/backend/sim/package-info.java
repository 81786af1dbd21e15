/**
 * Simulated signals in pure Java, with a clock that a test can set.
 *
 * <p>Start with {@link org.beamhive.devices.backend.sim.SimNamespace}. May import {@code signal}
 * and the protocol's model, never Akka.
 */
package org.beamhive.devices.backend.sim;

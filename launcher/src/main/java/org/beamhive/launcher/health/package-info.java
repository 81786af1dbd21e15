/**
 * Health of a node: what it answers to those who watch over processes, and the endpoint of its own
 * that does so even when the actor system does not answer.
 *
 * <p>Start with {@link org.beamhive.launcher.health.NodeHealth}. May import {@code protocol},
 * {@code actors} and {@code cluster-config}; no other package of the launcher.
 */
package org.beamhive.launcher.health;

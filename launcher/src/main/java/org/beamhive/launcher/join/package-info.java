/**
 * How a node comes into the cluster of its beamline: it asks the others who they are, refuses what
 * does not fit, says what it waits for, and forms a cluster only where nobody has one.
 *
 * <p>Start with {@link org.beamhive.launcher.join.NodeJoining}. May import Akka, {@code protocol}
 * and {@code cluster-config}.
 */
package org.beamhive.launcher.join;

/**
 * Where the motors of a scan stand at each of its points, computed when asked for.
 *
 * <p>Start with {@link org.beamhive.actors.scans.trajectory.Trajectory}. Imports nothing of ours.
 */
package org.beamhive.actors.scans.trajectory;

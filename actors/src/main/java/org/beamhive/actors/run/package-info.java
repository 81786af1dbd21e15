/**
 * The log of a run, the one truth about it, and how it is followed: first from the journal, then
 * live.
 *
 * <p>Start with {@link org.beamhive.actors.run.RunLog}, then {@link
 * org.beamhive.actors.run.RunFollower}. May import {@code protocol} and Akka.
 */
package org.beamhive.actors.run;

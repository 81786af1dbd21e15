/**
 * The log of a run, what one says to it, and how it is followed.
 *
 * <p>Start with {@link org.beamhive.protocol.run.RunLogProtocol}. Of Akka only {@code ActorRef} may
 * be imported.
 */
package org.beamhive.protocol.run;

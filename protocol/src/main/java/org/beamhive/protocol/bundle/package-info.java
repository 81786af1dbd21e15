/**
 * What one says to the ScanBundler, and what it answers.
 *
 * <p>Start with {@link org.beamhive.protocol.bundle.ScanBundlerProtocol}. Of Akka only {@code
 * ActorRef} may be imported.
 */
package org.beamhive.protocol.bundle;

/**
 * What one says to the FileWriter of a run.
 *
 * <p>Start with {@link org.beamhive.protocol.file.FileWriterProtocol}. Of Akka only {@code
 * ActorRef} may be imported.
 */
package org.beamhive.protocol.file;

/**
 * What one says to the ScanWorker, and what it reports to the queue.
 *
 * <p>Start with {@link org.beamhive.protocol.scan.ScanWorkerProtocol}. Of Akka only {@code
 * ActorRef} may be imported.
 */
package org.beamhive.protocol.scan;

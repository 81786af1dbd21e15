/**
 * What one says to the ScanQueue, and what it shows.
 *
 * <p>Start with {@link org.beamhive.protocol.queue.ScanQueueProtocol}. Of Akka only {@code
 * ActorRef} may be imported.
 */
package org.beamhive.protocol.queue;

/**
 * The durable queue of a beamline: what is to be run, what runs, what has run.
 *
 * <p>Start with {@link org.beamhive.actors.queue.ScanQueue}; {@code QueueState} holds the rules.
 * May import {@code protocol} and Akka.
 */
package org.beamhive.actors.queue;

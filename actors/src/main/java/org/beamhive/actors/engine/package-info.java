/**
 * Runs one plan: instruction by instruction, with pause, rewind, clean-up and resumption from the
 * run's log.
 *
 * <p>Start with {@link org.beamhive.actors.engine.ScanWorker}; {@code PlanInterpreter} is the logic
 * without actors. May import {@code protocol}, {@code actors.scans} and Akka.
 */
package org.beamhive.actors.engine;

/**
 * The actor that writes the file of a run while the run goes on, one per run.
 *
 * <p>Start with {@link org.beamhive.actors.filewriter.actor.FileWriter}. May import {@code
 * protocol}, {@code run}, {@code filewriter.nexus} and Akka.
 */
package org.beamhive.actors.filewriter.actor;

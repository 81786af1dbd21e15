/**
 * What is where in the file of a run: turns a run's documents into the content of a ScanFile.
 *
 * <p>Start with {@link org.beamhive.actors.filewriter.nexus.RunFile}, the file of one run from its
 * log; {@link org.beamhive.actors.filewriter.nexus.NexusLayout} is the lay-out, which a beamline
 * can replace. May import {@code protocol}, {@code filewriter.hdf5}, jHDF for reading, never Akka.
 */
package org.beamhive.actors.filewriter.nexus;

/**
 * Writes the HDF5 file of a scan while the scan runs: whoever opens it, now or after a crash, sees
 * everything that was flushed and never a half-written row. Pure Java, append-only, one thread at a
 * time.
 *
 * <p>Start reading at {@link org.beamhive.actors.filewriter.hdf5.ScanFile}, whose {@code flush} and
 * {@code publish} hold the one rule of this package: nothing is pointed at before it is written.
 * The bytes follow the "HDF5 File Format Specification Version 3.0"; section names in comments are
 * from there.
 *
 * <p>May import the JDK and jHDF's {@code BufferBuilder} and {@code ChecksumUtils}; no Akka, no
 * other package of ours.
 */
package org.beamhive.actors.filewriter.hdf5;

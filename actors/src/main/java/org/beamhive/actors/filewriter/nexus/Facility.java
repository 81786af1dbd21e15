package org.beamhive.actors.filewriter.nexus;

/**
 * What a file says of where it was taken; empty texts are left out.
 *
 * @param instrument name of the beamline
 * @param sourceName name of the source, for example {@code Swiss Light Source}
 * @param sourceType its type in NeXus' words, for example {@code Synchrotron X-ray Source}
 * @param probe what it delivers, for example {@code x-ray}
 */
public record Facility(String instrument, String sourceName, String sourceType, String probe) {}

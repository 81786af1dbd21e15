package org.beamhive.protocol.document;

/**
 * Where in a {@link StreamResource} the values of events are.
 *
 * @param uid its uid, by convention {@code <uid of the resource>/<number>}
 * @param streamResource the uid of the resource
 * @param descriptor the uid of the events' descriptor; empty until the bundler has placed it
 * @param time when it was made, seconds since 1970; the event model has no field for it
 * @param indices the rows in the resource, from 0
 * @param seqNums the seq_nums of the events, as many as there are rows
 */
public record StreamDatum(
    String uid, String streamResource, String descriptor, double time, Range indices, Range seqNums)
    implements AssetDocument {
  /** From {@code start} up to, not including, {@code stop}. */
  public record Range(long start, long stop) {
    /** Of what is not known yet. */
    public static final Range NONE = new Range(0, 0);
  }
}

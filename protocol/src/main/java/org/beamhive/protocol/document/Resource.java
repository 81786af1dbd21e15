package org.beamhive.protocol.document;

import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;

/**
 * A file in the classic way of the event model: what its {@link Datum}s are read from.
 *
 * @param uid its uid
 * @param run whose data it holds; null until the bundler has placed it
 * @param time when it was made, seconds since 1970; the event model has no field for it
 * @param spec names the way to read it, for example {@code AD_HDF5}
 * @param root the part of the path that may differ where it is read
 * @param resourcePath the rest of the path, in POSIX notation
 * @param resourceKwargs how to read it, for example {@code frame_per_point}
 */
public record Resource(
    String uid,
    RunUid run,
    double time,
    String spec,
    String root,
    String resourcePath,
    Value.Fields resourceKwargs)
    implements AssetDocument {
  public Resource {
    resourceKwargs = resourceKwargs == null ? Value.Fields.EMPTY : resourceKwargs;
  }
}

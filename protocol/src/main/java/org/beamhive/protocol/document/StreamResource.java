package org.beamhive.protocol.document;

import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;

/**
 * A file, or a folder of files, with the values of one data key.
 *
 * @param uid its uid
 * @param run whose data they are; null until the bundler has placed it
 * @param time when it was made, seconds since 1970; the event model has no field for it
 * @param dataKey the data key, declared with {@code external} {@code STREAM:}
 * @param mimetype for example {@code application/x-hdf5}
 * @param uri where it is, for example {@code file://localhost/data/a.h5}
 * @param parameters how to read it, for example {@code dataset} and {@code chunk_shape}
 */
public record StreamResource(
    String uid,
    RunUid run,
    double time,
    String dataKey,
    String mimetype,
    String uri,
    Value.Fields parameters)
    implements AssetDocument {
  public StreamResource {
    parameters = parameters == null ? Value.Fields.EMPTY : parameters;
  }
}

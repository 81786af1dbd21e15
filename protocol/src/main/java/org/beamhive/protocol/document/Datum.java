package org.beamhive.protocol.document;

import org.beamhive.protocol.model.Value;

/**
 * One value of a {@link Resource}; the event has its id in place of the value.
 *
 * @param datumId its id, by convention {@code <uid of the resource>/<number>}
 * @param resource the uid of the resource
 * @param time when it was made, seconds since 1970; the event model has no field for it
 * @param datumKwargs where in the resource, for example {@code point_number}
 */
public record Datum(String datumId, String resource, double time, Value.Fields datumKwargs)
    implements AssetDocument {
  public Datum {
    datumKwargs = datumKwargs == null ? Value.Fields.EMPTY : datumKwargs;
  }

  @Override
  public String uid() {
    return datumId;
  }
}

package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Objects;

/** A hutch of the beamline; the nodes of its role {@code hutch-<name>} own its devices. */
public record HutchName(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public HutchName {
    Objects.requireNonNull(value, "value");
    if (value.isEmpty()) {
      throw new IllegalArgumentException("HutchName: must not be empty");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}

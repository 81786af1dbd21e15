package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Objects;
import java.util.UUID;

/** Names one run for ever: the {@code uid} of its start document, a version 4 UUID as text. */
public record RunUid(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public RunUid {
    Objects.requireNonNull(value, "value");
    if (value.isEmpty()) {
      throw new IllegalArgumentException("RunUid: must not be empty");
    }
  }

  /** A new random (version 4) uid. */
  public static RunUid random() {
    return new RunUid(UUID.randomUUID().toString());
  }

  @Override
  public String toString() {
    return value;
  }
}

package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Objects;
import java.util.UUID;

/** Names one item of the queue or its history: {@code item_uid} of the queue server's API. */
public record ItemUid(@JsonValue String value) {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ItemUid {
    Objects.requireNonNull(value, "value");
    if (value.isEmpty()) {
      throw new IllegalArgumentException("ItemUid: must not be empty");
    }
  }

  /** A new random (version 4) uid. */
  public static ItemUid random() {
    return new ItemUid(UUID.randomUUID().toString());
  }

  @Override
  public String toString() {
    return value;
  }
}

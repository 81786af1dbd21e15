package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * Counts the workers that the queue of a beamline has started, durably. A device refuses a command
 * of an older epoch than the newest it has seen, so that a worker that was thought dead can't move
 * anything.
 */
public record Epoch(@JsonValue long value) implements Comparable<Epoch> {
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public Epoch {}

  @Override
  public int compareTo(Epoch other) {
    return Long.compare(value, other.value);
  }
}

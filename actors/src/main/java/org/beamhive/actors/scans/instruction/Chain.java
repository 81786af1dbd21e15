package org.beamhive.actors.scans.instruction;

import java.util.Iterator;
import org.beamhive.protocol.model.Value;

/** Parts one after the other, each taken from the iterator when it is needed. */
final class Chain implements Steps {
  private final Iterator<? extends Steps> parts;
  private Steps part = Steps.empty();

  Chain(Iterator<? extends Steps> parts) {
    this.parts = parts;
  }

  @Override
  public Instruction next(Value previousAnswer) {
    Instruction instruction = part.next(previousAnswer);
    while (instruction == null && parts.hasNext()) {
      part = parts.next();
      instruction = part.next(Value.None.NONE);
    }
    return instruction;
  }
}

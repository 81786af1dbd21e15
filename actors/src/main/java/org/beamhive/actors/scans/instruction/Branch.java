package org.beamhive.actors.scans.instruction;

import java.util.function.Function;
import org.beamhive.protocol.model.Value;

/** An instruction, and then the steps that its answer leads to. */
final class Branch implements Steps {
  private final Instruction question;
  private final Function<Value, ? extends Steps> then;
  private boolean asked;
  private Steps rest;

  Branch(Instruction question, Function<Value, ? extends Steps> then) {
    this.question = question;
    this.then = then;
  }

  @Override
  public Instruction next(Value previousAnswer) {
    if (!asked) {
      asked = true;
      return question;
    }
    if (rest == null) {
      rest = then.apply(previousAnswer);
      return rest.next(Value.None.NONE);
    }
    return rest.next(previousAnswer);
  }
}

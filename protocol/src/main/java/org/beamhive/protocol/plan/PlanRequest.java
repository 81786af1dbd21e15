package org.beamhive.protocol.plan;

import java.util.List;
import org.beamhive.protocol.model.Value;

/**
 * A plan as a client asks for it; devices are named by text.
 *
 * @param name the plan
 * @param args arguments by position
 * @param kwargs arguments by name
 * @param metadata what the client adds to the start document
 */
public record PlanRequest(
    String name, List<Value> args, Value.Fields kwargs, Value.Fields metadata) {
  public PlanRequest {
    args = List.copyOf(args);
  }
}

package org.beamhive.protocol.queue;

import java.util.List;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;

/**
 * An item of the queue.
 *
 * @param uid its uid, given by the queue
 * @param fields what was submitted, as submitted: item_type, name, args, kwargs, meta, user,
 *     user_group, properties
 */
public record QueueItem(ItemUid uid, Value.Fields fields) {
  /** Its name: of the plan or of the instruction. */
  public String name() {
    return fields.text("name");
  }

  /** Whether it is a plan; else it is an instruction. */
  public boolean plan() {
    return "plan".equals(fields.text("item_type"));
  }

  /**
   * The plan that it asks for; later maps of a list of {@code meta} are overridden by earlier ones.
   */
  public PlanRequest request() {
    return requestOf(fields);
  }

  /** The plan that submitted fields ask for. */
  public static PlanRequest requestOf(Value.Fields fields) {
    List<Value> args = fields.get("args") instanceof Value.Items items ? items.items() : List.of();
    Value.Fields kwargs =
        fields.get("kwargs") instanceof Value.Fields map ? map : Value.Fields.EMPTY;
    Value.Fields metadata = Value.Fields.EMPTY;
    if (fields.get("meta") instanceof Value.Fields map) {
      metadata = map;
    } else if (fields.get("meta") instanceof Value.Items list) {
      for (int i = list.items().size() - 1; i >= 0; i--) {
        if (list.items().get(i) instanceof Value.Fields map) {
          metadata = metadata.with(map);
        }
      }
    }
    String name = fields.text("name");
    return new PlanRequest(name == null ? "" : name, args, kwargs, metadata);
  }
}

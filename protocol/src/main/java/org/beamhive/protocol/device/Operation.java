package org.beamhive.protocol.device;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Locale;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/** What a person can have a device do outside any scan. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
@JsonSubTypes({
  @JsonSubTypes.Type(value = Operation.MoveTo.class, name = "move-to"),
  @JsonSubTypes.Type(value = Operation.MoveBy.class, name = "move-by"),
  @JsonSubTypes.Type(value = Operation.Perform.class, name = "perform"),
  @JsonSubTypes.Type(value = Operation.Configure.class, name = "configure"),
  @JsonSubTypes.Type(value = Operation.CallMethod.class, name = "call-method"),
  @JsonSubTypes.Type(value = Operation.SetLimits.class, name = "set-limits")
})
public sealed interface Operation {
  /** In the words of a logbook, after the device's name. */
  String shown();

  /** Move to a setpoint, in the device's units. */
  record MoveTo(Value setpoint) implements Operation {
    @Override
    public String shown() {
      return "set to " + setpoint.shown();
    }
  }

  /** Move by a step from the setpoint that it has, in the device's units. */
  record MoveBy(double step) implements Operation {
    @Override
    public String shown() {
      return "moved by " + step;
    }
  }

  /** One of those that need no more words. */
  record Perform(Action action) implements Operation {
    @Override
    public String shown() {
      return action.name().toLowerCase(Locale.ROOT);
    }
  }

  /** What a device can do that needs no more words. */
  enum Action {
    STAGE,
    UNSTAGE,
    TRIGGER
  }

  /** Change settings, by the keys of the device's configuration. */
  record Configure(Value.Fields settings) implements Operation {
    @Override
    public String shown() {
      return "configured with " + settings.shown();
    }
  }

  /** Call one of the methods that the device's type lists. */
  record CallMethod(String method, Value.Fields arguments) implements Operation {
    @Override
    public String shown() {
      return method + " called with " + arguments.shown();
    }
  }

  /** Change our own limits; {@link Limits#NONE} takes them away. */
  record SetLimits(Limits limits) implements Operation {
    @Override
    public String shown() {
      return limits.set()
          ? "limits set to " + limits.low() + " to " + limits.high()
          : "limits taken away";
    }
  }
}

package org.beamhive.protocol.device;

import java.util.List;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * All that a device tells of itself beside its readings.
 *
 * @param view as in the list of devices
 * @param heldBy who has it now, in words for a person; empty if nobody has
 * @param methods what may be called
 * @param deviceLimits the limits of its setpoint that its record or the device file has
 * @param softLimits our own limits beside those; a setpoint must lie within both
 * @param limitChanges the last changes of our own limits, the newest last
 * @param calls the last calls, the newest last
 */
public record DeviceDetails(
    DeviceView view,
    String heldBy,
    List<Method> methods,
    Limits deviceLimits,
    Limits softLimits,
    List<LimitsChange> limitChanges,
    List<CallView> calls)
    implements CborSerializable {
  public DeviceDetails {
    methods = List.copyOf(methods);
    limitChanges = List.copyOf(limitChanges);
    calls = List.copyOf(calls);
  }

  /** A method and what it takes. */
  public record Method(String name, String help, List<Parameter> parameters) {
    public Method {
      parameters = List.copyOf(parameters);
    }
  }

  /**
   * One parameter of a method.
   *
   * @param takes what it takes, in words
   */
  public record Parameter(String name, String takes, boolean required, String help) {}

  /**
   * A change of our own limits.
   *
   * @param time when, seconds since 1970
   * @param who has changed them
   * @param before the limits before; {@link Limits#NONE} if there were none
   * @param after the limits since
   */
  public record LimitsChange(double time, String who, Limits before, Limits after) {}

  /**
   * A call and what became of it.
   *
   * @param id by which its caller knows it
   * @param who has asked
   * @param what for, in words for a person
   * @param began when, seconds since 1970
   * @param ended when it ended; NaN while it lasts
   * @param result what it returned; {@link Value.None#NONE} if that is nothing
   * @param code why it failed, as in docs/reference/errors.md; empty if it did not
   * @param problem the same as a sentence
   */
  public record CallView(
      String id,
      String who,
      String what,
      double began,
      double ended,
      Value result,
      String code,
      String problem) {}
}

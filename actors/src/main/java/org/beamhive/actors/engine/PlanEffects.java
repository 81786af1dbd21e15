package org.beamhive.actors.engine;

import java.util.List;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/**
 * What an instruction does to the world outside the plan. Commands with a token are answered with
 * that token.
 */
interface PlanEffects {
  void set(DeviceName device, Value setpoint, long token);

  void trigger(DeviceName device, long token);

  void kickoff(DeviceName device, Value.Fields settings, long token);

  void complete(DeviceName device, long token);

  /** What the device gathers is the next events of the stream, under this number. */
  void collect(DeviceName device, String stream, long point);

  void stage(DeviceName device, long token);

  void unstage(DeviceName device, long token);

  void locate(DeviceName device, long token);

  void stop(DeviceName device);

  void read(DeviceName device, long point);

  void bundle(long point, String stream, List<DeviceName> devices);

  void drop(long point);

  void openRun(Value.Fields metadata);

  void closeRun(String exitStatus, String reason);

  void recordAnswer(long instruction, Value answer);

  void sleep(double seconds, long token);
}

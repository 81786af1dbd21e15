package org.beamhive.actors.scans.plan;

import java.util.Arrays;
import java.util.List;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.actors.scans.trajectory.Trajectory;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/**
 * The points of a step scan: checkpoint, the motors whose position changes, wait, shot. This is
 * where a scan spends its time: a point makes one new object for each motor that moves.
 */
final class PointSteps implements Steps {
  private static final String GROUP = "move";
  private static final Instruction WAIT = new Instruction.Wait(GROUP);

  private final Trajectory trajectory;
  private final DeviceView[] motors;
  private final double[] offsets;
  private final double[] last;
  private final Instruction[] moves;
  private final Instruction[] shot;
  private long point;
  private int moveCount;
  private int cursor;

  /**
   * Of a trajectory.
   *
   * @param offsets what to add to its positions, by axis
   */
  PointSteps(
      Trajectory trajectory, List<DeviceView> motors, double[] offsets, List<Instruction> shot) {
    this.trajectory = trajectory;
    this.motors = motors.toArray(DeviceView[]::new);
    this.offsets = offsets.clone();
    this.last = new double[this.motors.length];
    Arrays.fill(last, Double.NaN);
    this.moves = new Instruction[this.motors.length + 2];
    this.shot = shot.toArray(Instruction[]::new);
    this.cursor = this.shot.length; // as if a point had just ended
  }

  @Override
  public Instruction next(Value previousAnswer) {
    if (cursor == moveCount + shot.length) {
      if (point == trajectory.size()) {
        return null;
      }
      move();
      point++;
      cursor = 0;
    }
    int at = cursor++;
    return at < moveCount ? moves[at] : shot[at - moveCount];
  }

  private void move() {
    int count = 0;
    moves[count++] = Instruction.Checkpoint.CHECKPOINT;
    for (int axis = 0; axis < motors.length; axis++) {
      double position = offsets[axis] + trajectory.position(axis, point);
      if (position != last[axis]) {
        last[axis] = position;
        moves[count++] = new Instruction.Set(motors[axis].name(), Value.of(position), GROUP);
      }
    }
    if (count > 1) {
      moves[count++] = WAIT;
    }
    moveCount = count;
  }
}

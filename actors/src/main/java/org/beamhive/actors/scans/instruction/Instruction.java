package org.beamhive.actors.scans.instruction;

import java.util.Objects;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/**
 * One thing for the engine to do: Bluesky's messages as a closed set. What carries nothing is an
 * enum with one member, and plans hold on to what they send at every point, so that a point costs
 * hardly any garbage.
 *
 * <p>The engine answers each instruction before it asks for the next one; where nothing is said of
 * the answer it is {@link Value.None}.
 */
public sealed interface Instruction {
  /**
   * Begin a run: the start document is made of this metadata. Refused while a run is open. An
   * implicit checkpoint.
   */
  record OpenRun(Value.Fields metadata) implements Instruction {
    public OpenRun {
      Objects.requireNonNull(metadata, "metadata");
    }
  }

  /**
   * End the run with its stop document. An implicit checkpoint.
   *
   * @param exitStatus {@code success}, {@code abort} or {@code fail}
   * @param reason why, empty after a success
   */
  record CloseRun(String exitStatus, String reason) implements Instruction {
    /** The normal end. */
    public static final CloseRun SUCCESS = new CloseRun("success", "");
  }

  /** Begin a bundle, which becomes one event of this stream. Only in a run, not in a bundle. */
  record Create(String stream) implements Instruction {
    /** Into the stream of the scan's own points. */
    public static final Create PRIMARY = new Create("primary");

    /** Into the stream of what is read once at each end of the run. */
    public static final Create BASELINE = new Create("baseline");

    public Create {
      Objects.requireNonNull(stream, "stream");
    }
  }

  /**
   * Read a device; in a bundle its readings go into it. Answered with {@link Value.Fields}: the
   * values by data key.
   */
  record Read(DeviceName device) implements Instruction {
    public Read {
      Objects.requireNonNull(device, "device");
    }
  }

  /**
   * End the bundle as an event. The first of a stream describes it; each later one must hold the
   * same devices. An empty bundle makes no event.
   */
  enum Save implements Instruction {
    SAVE
  }

  /** End the bundle without an event; its sequence number is not used up. */
  enum Drop implements Instruction {
    DROP
  }

  /**
   * Start moving a device to a setpoint and go on at once; {@link Wait} for the group to know that
   * it has arrived. The device counts as moved: it is stopped on a pause and at the end.
   */
  record Set(DeviceName device, Value setpoint, String group) implements Instruction {
    public Set {
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(setpoint, "setpoint");
      Objects.requireNonNull(group, "group");
    }
  }

  /** Start a device's acquisition and go on at once; {@link Wait} for the group. */
  record Trigger(DeviceName device, String group) implements Instruction {
    public Trigger {
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(group, "group");
    }
  }

  /**
   * Start a flight and go on at once; {@link Wait} for the group to know that it has begun. Only in
   * a run. The device counts as moved, and until it is collected nothing can be repeated: a pause
   * ends the plan. However the plan ends, what was gathered is collected.
   *
   * @param settings of this flight; empty for those that the device is configured with
   * @param stream where what it gathers belongs
   */
  record Kickoff(DeviceName device, Value.Fields settings, String stream, String group)
      implements Instruction {
    public Kickoff {
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(settings, "settings");
      Objects.requireNonNull(stream, "stream");
      Objects.requireNonNull(group, "group");
    }
  }

  /** Let a flight come to its end and go on at once; {@link Wait} for the group. */
  record Complete(DeviceName device, String group) implements Instruction {
    public Complete {
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(group, "group");
    }
  }

  /**
   * Make what a flight has gathered the next events of the stream that {@link Kickoff} has named.
   * Not in a bundle. Answered with the number of events.
   */
  record Collect(DeviceName device) implements Instruction {
    public Collect {
      Objects.requireNonNull(device, "device");
    }
  }

  /**
   * Wait until all that was set or triggered with this group is done; the first that fails ends the
   * wait. A group that nobody has used, or that was waited for already, is done.
   */
  record Wait(String group) implements Instruction {
    public Wait {
      Objects.requireNonNull(group, "group");
    }
  }

  /**
   * Make a device ready for a run. The engine remembers it and unstages it at the end in any case.
   * An implicit checkpoint.
   */
  record Stage(DeviceName device) implements Instruction {
    public Stage {
      Objects.requireNonNull(device, "device");
    }
  }

  /** Undo {@link Stage}. An implicit checkpoint. */
  record Unstage(DeviceName device) implements Instruction {
    public Unstage {
      Objects.requireNonNull(device, "device");
    }
  }

  /**
   * Here a pause may go back to, and a deferred pause takes hold. What came since the last one is
   * done again on the way on. Not inside a bundle.
   */
  enum Checkpoint implements Instruction {
    CHECKPOINT
  }

  /** From here to the next checkpoint nothing can be repeated: a pause ends the plan. */
  enum ClearCheckpoint implements Instruction {
    CLEAR_CHECKPOINT
  }

  /** Let time pass; a pause interrupts it. */
  record Sleep(double seconds) implements Instruction {
    public Sleep {
      if (!(seconds >= 0) || Double.isInfinite(seconds)) {
        throw new IllegalArgumentException(
            "Sleep: seconds must be finite and not negative, not " + seconds);
      }
    }
  }

  /**
   * Ask a movable device where it is. Answered with {@link Value.Fields}: {@value #SETPOINT}, where
   * it was last sent to, and {@value #READBACK}, where it is.
   */
  record Locate(DeviceName device) implements Instruction {
    /** The field of the answer that says where the device was last sent to. */
    public static final String SETPOINT = "setpoint";

    /** The field of the answer that says where the device is. */
    public static final String READBACK = "readback";

    public Locate {
      Objects.requireNonNull(device, "device");
    }
  }

  /** Pause the plan: at the next checkpoint if deferred, else at once. */
  record Pause(boolean deferred) implements Instruction {}

  /** Nothing; the engine gets a chance to look at its mailbox. */
  enum Null implements Instruction {
    NULL
  }
}

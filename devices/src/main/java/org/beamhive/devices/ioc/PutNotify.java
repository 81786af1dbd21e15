package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The puts with completion of one record, one at a time, as in EPICS base: while one is active, the
 * next one to any field of the record waits, and its value is not even written before the first has
 * completed. A put without completion passes at once.
 */
final class PutNotify {
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
  private Turn active;

  /** One put with completion. */
  private final class Turn implements ProcessVariableWriteCallback {
    private final Function<ProcessVariableWriteCallback, CAStatus> put;
    private final ProcessVariableWriteCallback done;
    private final Consumer<Runnable> soon;

    Turn(
        Function<ProcessVariableWriteCallback, CAStatus> put,
        ProcessVariableWriteCallback done,
        Consumer<Runnable> soon) {
      this.put = put;
      this.done = done;
      this.soon = soon;
    }

    /** After it has waited: whoever put it learns its status as a completion. */
    void begin() {
      CAStatus status = put.apply(this);
      if (status != null) {
        processVariableWriteCompleted(status);
      }
    }

    @Override
    public void processVariableWriteCompleted(CAStatus status) {
      ended(this);
      done.processVariableWriteCompleted(status);
    }

    @Override
    public void canceled() {
      ended(this);
      done.canceled();
    }
  }

  /**
   * Puts now or when the one before has completed.
   *
   * @param put writes the value; gives its status, or null if its callback will be told later
   * @param done who is told when it has completed, unless this gives a status
   * @param soon runs what comes next with no lock of a record held
   * @return the status, or null if {@code done} will be told later
   */
  CAStatus put(
      Function<ProcessVariableWriteCallback, CAStatus> put,
      ProcessVariableWriteCallback done,
      Consumer<Runnable> soon) {
    Turn turn = new Turn(put, done, soon);
    synchronized (this) {
      if (active != null) {
        waiting.add(turn);
        return null;
      }
      active = turn;
    }
    CAStatus status;
    try {
      status = put.apply(turn);
    } catch (RuntimeException defect) {
      ended(turn);
      throw defect;
    }
    if (status != null) {
      ended(turn);
    }
    return status;
  }

  private void ended(Turn turn) {
    Turn next;
    synchronized (this) {
      if (active != turn) {
        return;
      }
      active = waiting.poll();
      next = active;
    }
    if (next != null) {
      next.soon.accept(next::begin);
    }
  }
}

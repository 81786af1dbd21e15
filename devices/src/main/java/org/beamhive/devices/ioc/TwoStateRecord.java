package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;

/**
 * A shutter or a valve: {@code NAME:open} and {@code NAME:close} are commands, {@code NAME:status}
 * says where it is, {@code NAME:permit} whether it may open. A command completes when the travel
 * has ended; without permit it fails, and a permit that is taken away closes it.
 */
final class TwoStateRecord extends IocRecord {
  private static final int CLOSED = 0;
  private static final int OPENING = 1;
  private static final int OPEN = 2;
  private static final int CLOSING = 3;

  private final double travel;
  private final ServedPv status;
  private final ServedPv permit;
  private int round;

  /**
   * @param travel seconds from one end to the other
   */
  TwoStateRecord(String name, double travel, IocRecords ioc) {
    super(name, ioc);
    this.travel = travel;
    status =
        add(
            ServedPv.choice(name + ":status", CLOSED, "Closed", "Opening", "Open", "Closing")
                .readOnly());
    permit = add(ServedPv.choice(name + ":permit", 1, "No", "Yes")).onPut((to, done) -> allow(to));
    command("open", OPENING, OPEN);
    command("close", CLOSING, CLOSED);
  }

  private void command(String name, int way, int end) {
    ServedPv button = add(ServedPv.choice(name() + ":" + name, 0, "Off", "On"));
    button.onPut(
        (to, done) -> {
          if (number(to) == 0) {
            return CAStatus.NORMAL;
          }
          button.post(1);
          button.post(0);
          return go(way, end, done);
        });
  }

  private synchronized CAStatus allow(Object to) {
    permit.post(number(to));
    if (permit.whole() == 0 && status.whole() != CLOSED) {
      go(CLOSING, CLOSED, null);
    }
    return CAStatus.NORMAL;
  }

  private synchronized CAStatus go(int way, int end, ProcessVariableWriteCallback done) {
    if (way == OPENING && permit.whole() == 0) {
      return CAStatus.PUTFAIL;
    }
    if (status.whole() == end) {
      return CAStatus.NORMAL;
    }
    if (status.whole() != way) {
      status.post(way);
      int mine = ++round;
      later(travel, () -> there(mine, end));
    }
    return await(done);
  }

  private synchronized void there(int mine, int end) {
    if (mine != round) {
      return;
    }
    if (has(IocFault.STALL)) {
      // stuck half way until the fault ends
      later(travel, () -> there(mine, end));
      return;
    }
    status.post(end);
    complete();
  }
}

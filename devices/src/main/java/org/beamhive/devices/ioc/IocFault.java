package org.beamhive.devices.ioc;

import java.util.Locale;

/** What can be wrong with a record, or with the whole server, on command. */
public enum IocFault {
  /** Answers nothing and posts nothing; what was asked meanwhile is answered when it ends. */
  FREEZE,
  /** Answers and events come late, by the delay that is set. */
  SLOW,
  /** A put is done, but its completion never comes. */
  LOST_CALLBACK,
  /** Each event is posted twice. */
  DOUBLED_POSTS,
  /** Alarm of severity MINOR. */
  MINOR,
  /** Alarm of severity MAJOR. */
  MAJOR,
  /** Alarm of severity INVALID. */
  INVALID,
  /** Motors only: stands still in mid-move, and the controller does not notice. */
  STALL,
  /** Motors only: the controller finds a stall, gives up the move and reports a problem. */
  PROBLEM,
  /** Motors only: no change of DMOV is posted; who reads it gets the right value. */
  MISSED_DMOV,
  /** Motors only: DMOV stays 0 at the end of a move, and puts don't complete. */
  STUCK_DMOV,
  /** The server only: closes the connections of all clients, once. */
  DROP;

  /** How it is called in a file and in the choice of a {@code :fault} PV. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

package org.beamhive.devices.type;

import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Limits;

/**
 * The fields of one motor record, with the data keys that ophyd gives them. Those that not every
 * record or simulation has are optional: what they would say is then unknown.
 */
final class MotorFields {
  /** Makes the signals. */
  interface Parts {
    Signal field(String key, Part.Kind kind, String field);

    Signal optional(String key, Part.Kind kind, String field);

    Signal command(String key, String field, boolean urgent);
  }

  private static final int MOVE = 2;

  final Signal rbv;
  final Signal val;
  final Signal off;
  final Signal dir;
  final Signal velo;
  final Signal accl;
  final Signal dmov;
  final Signal hlm;
  final Signal llm;
  final Signal hls;
  final Signal lls;
  final Signal lvio;
  final Signal rdbd;
  final Signal spmg;
  final Signal miss;
  final Signal vbas;
  final Signal vmax;
  final Signal bdst;
  final Signal bvel;
  final Signal bacc;
  final Signal dly;
  final Signal rtry;
  final Signal twv;
  final Signal set;
  final Signal stup;
  final Signal homf;
  final Signal homr;
  final Signal jogf;
  final Signal jogr;
  final Signal jvel;
  final Signal twf;
  final Signal twr;
  final Signal stop;

  MotorFields(String name, Parts parts) {
    Part.Kind config = Part.Kind.CONFIG;
    Part.Kind omitted = Part.Kind.OMITTED;
    rbv = parts.field(name, Part.Kind.HINTED, ".RBV");
    val = parts.field(name + "_user_setpoint", Part.Kind.NORMAL, ".VAL");
    off = parts.field(name + "_user_offset", config, ".OFF");
    dir = parts.optional(name + "_user_offset_dir", config, ".DIR");
    velo = parts.field(name + "_velocity", config, ".VELO");
    accl = parts.field(name + "_acceleration", config, ".ACCL");
    parts.field(name + "_motor_egu", config, ".EGU");
    dmov = parts.field(name + "_motor_done_move", omitted, ".DMOV");
    hlm = parts.field(name + "_high_limit_travel", omitted, ".HLM");
    llm = parts.field(name + "_low_limit_travel", omitted, ".LLM");
    hls = parts.optional(name + "_high_limit_switch", omitted, ".HLS");
    lls = parts.optional(name + "_low_limit_switch", omitted, ".LLS");
    lvio = parts.optional(name + "_limit_violation", omitted, ".LVIO");
    rdbd = parts.optional(name + "_deadband", omitted, ".RDBD");
    spmg = parts.optional(name + "_mode", omitted, ".SPMG");
    miss = parts.optional(name + "_missed", omitted, ".MISS");
    vbas = parts.optional(name + "_base_velocity", omitted, ".VBAS");
    vmax = parts.optional(name + "_max_velocity", omitted, ".VMAX");
    bdst = parts.optional(name + "_backlash_distance", omitted, ".BDST");
    bvel = parts.optional(name + "_backlash_velocity", omitted, ".BVEL");
    bacc = parts.optional(name + "_backlash_acceleration", omitted, ".BACC");
    dly = parts.optional(name + "_settle_delay", omitted, ".DLY");
    rtry = parts.optional(name + "_retries", omitted, ".RTRY");
    twv = parts.optional(name + "_tweak_value", omitted, ".TWV");
    set = parts.command(name + "_set_use_switch", ".SET", false);
    stup = parts.command(name + "_status_update", ".STUP", false);
    homf = parts.command(name + "_home_forward", ".HOMF", false);
    homr = parts.command(name + "_home_reverse", ".HOMR", false);
    jogf = parts.command(name + "_jog_forward", ".JOGF", false);
    jogr = parts.command(name + "_jog_reverse", ".JOGR", false);
    jvel = parts.command(name + "_jog_velocity", ".JVEL", false);
    twf = parts.command(name + "_tweak_forward", ".TWF", false);
    twr = parts.command(name + "_tweak_reverse", ".TWR", false);
    stop = parts.command(name + "_motor_stop", ".STOP", true);
  }

  /** Its newest number, or NaN if it has none. */
  static double number(Signal signal) {
    SignalValue value = signal.latest();
    return value == null ? Double.NaN : value.asDouble();
  }

  private static double positive(Signal signal) {
    double value = Math.abs(number(signal));
    return Double.isFinite(value) ? value : 0;
  }

  /** The record's soft limits; low = high is none, as the record has it. */
  Limits limits() {
    double low = number(llm);
    double high = number(hlm);
    return Double.isFinite(low) && Double.isFinite(high) ? new Limits(low, high) : Limits.NONE;
  }

  /** Whether SPMG is Stop or Pause: the record takes setpoints, but nothing moves. */
  boolean paused() {
    return number(spmg) < MOVE;
  }

  String spmgShown() {
    return number(spmg) == 0 ? "Stop" : "Pause";
  }

  /** Whether it is on the limit switch of that direction, in user coordinates. */
  boolean atSwitch(boolean up) {
    return number(up ? hls : lls) == 1;
  }

  /** Seconds from its velocity to rest. */
  double accelerationSeconds() {
    return positive(accl);
  }

  /** Seconds that a move should take at most, backlash and the waits between retries included. */
  double seconds(double distance) {
    double velocity = Math.max(positive(velo), positive(vbas));
    double seconds = (velocity > 0 ? distance / velocity : 0) + 2 * positive(accl);
    double backlash = positive(bdst);
    if (backlash > 0) {
      double slow = positive(bvel) > 0 ? positive(bvel) : velocity;
      seconds +=
          (velocity > 0 ? backlash / velocity : 0)
              + (slow > 0 ? backlash / slow : 0)
              + 2 * positive(bacc);
    }
    return seconds + positive(dly) * (1 + positive(rtry));
  }
}

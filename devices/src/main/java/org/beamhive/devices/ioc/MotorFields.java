package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;

/** The fields of a motor record, and what is between dial and user coordinates. */
final class MotorFields {
  final ServedPv val;
  final ServedPv dval;
  final ServedPv rval;
  final ServedPv rlv;
  final ServedPv rbv;
  final ServedPv drbv;
  final ServedPv rrbv;
  final ServedPv dmov;
  final ServedPv movn;
  final ServedPv tdir;
  final ServedPv hls;
  final ServedPv lls;
  final ServedPv rhls;
  final ServedPv rlls;
  final ServedPv lvio;
  final ServedPv athm;
  final ServedPv msta;
  final ServedPv miss;
  final ServedPv rcnt;
  final ServedPv rtry;
  final ServedPv rmod;
  final ServedPv rdbd;
  final ServedPv spdb;
  final ServedPv spmg;
  final ServedPv stup;
  final ServedPv stop;
  final ServedPv tweak;
  final ServedPv tweakForward;
  final ServedPv tweakReverse;
  final ServedPv jogForward;
  final ServedPv jogReverse;
  final ServedPv homeForward;
  final ServedPv homeReverse;
  final ServedPv velo;
  final ServedPv vbas;
  final ServedPv vmax;
  final ServedPv accl;
  final ServedPv jvel;
  final ServedPv jar;
  final ServedPv hvel;
  final ServedPv dly;
  final ServedPv mres;
  final ServedPv off;
  final ServedPv dir;
  final ServedPv set;
  final ServedPv foff;
  final ServedPv cnen;
  final ServedPv ueip;
  final ServedPv ntm;
  final ServedPv hlsv;
  private final ServedPv hlm;
  private final ServedPv llm;
  private final ServedPv dhlm;
  private final ServedPv dllm;
  private final MotorRecord record;
  private final MotorNature nature;

  MotorFields(MotorRecord record, MotorNature nature) {
    this.record = record;
    this.nature = nature;
    val = length("VAL", 0);
    dval = length("DVAL", 0);
    rval = add(ServedPv.whole(record.field("RVAL"), 0));
    rlv = length("RLV", 0);
    rbv = length("RBV", 0).readOnly();
    drbv = length("DRBV", 0).readOnly();
    rrbv = add(ServedPv.whole(record.field("RRBV"), 0).readOnly());
    dmov = flag("DMOV", 1).readOnly();
    movn = flag("MOVN", 0).readOnly();
    tdir = flag("TDIR", 0).readOnly();
    hls = flag("HLS", 0).readOnly();
    lls = flag("LLS", 0).readOnly();
    rhls = flag("RHLS", 0).readOnly();
    rlls = flag("RLLS", 0).readOnly();
    lvio = flag("LVIO", 0).readOnly();
    athm = flag("ATHM", 0).readOnly();
    msta = add(ServedPv.whole(record.field("MSTA"), 2).readOnly());
    miss = flag("MISS", 0).readOnly();
    rcnt = flag("RCNT", 0).readOnly();
    rtry = flag("RTRY", nature.retries());
    rmod = choice("RMOD", 0, "Default", "Arithmetic", "Geometric", "In-Position");
    rdbd = length("RDBD", nature.deadband());
    spdb = length("SPDB", 0);
    spmg = choice("SPMG", 3, "Stop", "Pause", "Move", "Go");
    stup = choice("STUP", 0, "OFF", "ON", "BUSY");
    stop = flag("STOP", 0);
    tweak = length("TWV", 1);
    tweakForward = flag("TWF", 0);
    tweakReverse = flag("TWR", 0);
    jogForward = flag("JOGF", 0);
    jogReverse = flag("JOGR", 0);
    homeForward = flag("HOMF", 0);
    homeReverse = flag("HOMR", 0);
    vbas = speed("VBAS", 0);
    vmax = speed("VMAX", 0);
    velo = velocity("VELO", nature.velocity());
    jvel = velocity("JVEL", nature.velocity() / 2);
    hvel = velocity("HVEL", nature.velocity() / 2);
    accl = positive("ACCL", nature.acceleration(), "s");
    jar = positive("JAR", jvelAcceleration(), nature.egu() + "/s/s");
    dly = positive("DLY", 0, "s");
    mres = length("MRES", nature.step());
    off = length("OFF", 0);
    dir = choice("DIR", 0, "Pos", "Neg");
    set = choice("SET", 0, "Use", "Set");
    foff = choice("FOFF", 0, "Variable", "Frozen");
    cnen = choice("CNEN", 1, "Disable", "Enable");
    ueip = choice("UEIP", nature.misses() > 0 ? 1 : 0, "No", "Yes");
    ntm = choice("NTM", 1, "NO", "YES");
    hlsv = choice("HLSV", 2, "NO_ALARM", "MINOR", "MAJOR", "INVALID");
    dhlm = length("DHLM", nature.high());
    dllm = length("DLLM", nature.low());
    hlm = length("HLM", nature.high());
    llm = length("LLM", nature.low());
    addTheRest();
  }

  private void addTheRest() {
    dhlm.onPut((to, done) -> dialLimits(MotorRecord.number(to), dllm.number()));
    dllm.onPut((to, done) -> dialLimits(dhlm.number(), MotorRecord.number(to)));
    hlm.onPut((to, done) -> userLimits(MotorRecord.number(to), llm.number()));
    llm.onPut((to, done) -> userLimits(hlm.number(), MotorRecord.number(to)));
    add(ServedPv.text(record.field("EGU"), nature.egu()));
    add(ServedPv.small(record.field("PREC"), nature.precision()));
    length("BDST", 0).readOnly();
    speed("BVEL", nature.velocity()).readOnly();
    positive("BACC", nature.acceleration(), "s").readOnly();
    length("ERES", nature.step());
    choice("URIP", 0, "No", "Yes").readOnly();
    add(ServedPv.small(record.field("NTMF"), 2));
    add(ServedPv.text(record.field("VERS"), "7.2").readOnly());
  }

  private double jvelAcceleration() {
    return nature.acceleration() > 0 ? nature.velocity() / 2 / nature.acceleration() : 0;
  }

  private ServedPv add(ServedPv pv) {
    return record.add(pv);
  }

  private ServedPv length(String field, double initial) {
    return add(
        ServedPv.number(record.field(field), initial).units(nature.egu(), nature.precision()));
  }

  private ServedPv speed(String field, double initial) {
    return positive(field, initial, nature.egu() + "/s");
  }

  private ServedPv positive(String field, double initial, String units) {
    ServedPv pv =
        ServedPv.number(record.field(field), initial).units(units, Math.max(3, nature.precision()));
    return add(pv).onPut((to, done) -> clip(pv, MotorRecord.number(to), 0, 0));
  }

  /** Between VBAS and VMAX, as the record does it; a VMAX of 0 is none. */
  private ServedPv velocity(String field, double initial) {
    ServedPv pv = speed(field, initial);
    return pv.onPut((to, done) -> clip(pv, MotorRecord.number(to), vbas.number(), vmax.number()));
  }

  private static CAStatus clip(ServedPv pv, double to, double low, double high) {
    double kept = Double.isFinite(to) ? Math.max(low, to) : pv.number();
    pv.post(high > 0 ? Math.min(high, kept) : kept);
    return CAStatus.NORMAL;
  }

  private ServedPv flag(String field, int initial) {
    return add(ServedPv.small(record.field(field), initial));
  }

  private ServedPv choice(String field, int initial, String... labels) {
    return add(ServedPv.choice(record.field(field), initial, labels));
  }

  /** 1 if user and dial coordinates have one direction, else -1. */
  int sign() {
    return dir.whole() == 0 ? 1 : -1;
  }

  double user(double dial) {
    return dial * sign() + off.number();
  }

  /** VAL, DVAL and RVAL of a target. */
  void showTarget(double dial) {
    post(val, user(dial));
    post(dval, dial);
    double step = mres.number();
    rval.postIfChanged(step == 0 ? 0 : Math.rint(dial / step));
  }

  private static void post(ServedPv pv, double value) {
    pv.post(new double[] {value}, Status.NO_ALARM, Severity.NO_ALARM);
  }

  boolean userLimited() {
    return dhlm.number() != dllm.number();
  }

  boolean withinLimits(double dial) {
    return !userLimited() || (dial <= dhlm.number() && dial >= dllm.number());
  }

  /** Whether a position is this side of the limit that it is moving to. */
  boolean withinUserLimits(double user, int sense) {
    return sense > 0 ? user <= hlm.number() : user >= llm.number();
  }

  private CAStatus dialLimits(double high, double low) {
    synchronized (record) {
      post(dhlm, high);
      post(dllm, low);
      showLimits();
    }
    return CAStatus.NORMAL;
  }

  private CAStatus userLimits(double high, double low) {
    double a = (high - off.number()) * sign();
    double b = (low - off.number()) * sign();
    return sign() > 0 ? dialLimits(a, b) : dialLimits(b, a);
  }

  /** The user's limits from those of the dial; they are the limits of VAL, too. */
  void showLimits() {
    double a = user(dhlm.number());
    double b = user(dllm.number());
    boolean none = !userLimited();
    // without limits both stay 0 in every coordinates, so that clients see that there are none
    double high = none ? 0 : sign() > 0 ? a : b;
    double low = none ? 0 : sign() > 0 ? b : a;
    hlm.postIfChanged(high);
    llm.postIfChanged(low);
    val.limits(low, high);
    rbv.limits(low, high);
    dval.limits(dllm.number(), dhlm.number());
    drbv.limits(dllm.number(), dhlm.number());
    boolean beyond = !withinLimits(dval.number());
    lvio.postIfChanged(beyond ? 1 : 0);
  }
}

package org.beamhive.actors.scans.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.beamhive.actors.scans.plan.Beam.named;
import static org.beamhive.actors.scans.plan.Beam.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlanRefusalTest {
  private static final List<String> DET = List.of("det1");

  private static void refuses(PlanRequest request, String code, String text) {
    Refusal refusal = Beam.refusal(request);
    assertThat(refusal.text()).isEqualTo(text);
    assertThat(refusal.code()).isEqualTo(code);
    assertThatThrownBy(() -> Beam.build(request))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(text);
  }

  @Test
  void anUnknownPlan() {
    refuses(
        plan("nosuchplan"),
        "unknown-plan",
        "Plan 'nosuchplan' is not in the list of allowed plans.");
  }

  @Test
  void anUnexpectedArgument() {
    refuses(
        named(plan("count", DET), Map.of("nosuch", 3)),
        "unknown-argument",
        "got an unexpected keyword argument 'nosuch'; plan 'count' takes detectors, num, delay, md");
    refuses(
        named(plan("scan", DET), Map.of("args", List.of())),
        "unknown-argument",
        "got an unexpected keyword argument 'args'; plan 'scan' takes detectors, *args, num, md");
    refuses(
        plan("count", DET, 1, 0, 3),
        "unknown-argument",
        "too many positional arguments: 4 given; plan 'count' takes detectors, num, delay, md");
  }

  @Test
  void aMissingArgument() {
    refuses(
        plan("count"),
        "missing-argument",
        "missing a required argument: 'detectors'; plan 'count' takes detectors, num, delay, md");
    refuses(
        plan("scan", DET, "m1", 0, 1),
        "missing-argument",
        "missing a required argument: 'num'; plan 'scan' takes detectors, *args, num, md");
    refuses(
        named(plan("scan", DET), Map.of("num", 3)),
        "missing-argument",
        "args: missing a required argument: motor, start, stop");
  }

  @Test
  void anArgumentGivenTwice() {
    refuses(
        named(plan("count", DET), Map.of("detectors", DET)),
        "bad-argument",
        "multiple values for argument 'detectors': once by position and once by name");
  }

  @Test
  void argumentsThatDoNotComeOutEven() {
    refuses(
        plan("scan", DET, "m1", 0),
        "bad-argument",
        "args: must be groups of motor, start, stop; 2 arguments don't come out even");
    refuses(
        named(plan("scan", DET, "m1", 0, 1, 5), Map.of("num", 5)),
        "bad-argument",
        "args: must be groups of motor, start, stop; 4 arguments don't come out even");
  }

  @Test
  void aNumberThatIsNone() {
    refuses(plan("count", DET, "3"), "wrong-type", "num: must be a whole number, not '3'");
    refuses(plan("count", DET, true), "wrong-type", "num: must be a whole number, not true");
    refuses(plan("count", DET, 2.5), "wrong-type", "num: must be a whole number, not 2.5");
    refuses(
        plan("scan", DET, "m1", "a", 1, 3),
        "wrong-type",
        "start of 'm1': must be a number, not 'a'");
    refuses(plan("sleep", true), "wrong-type", "time: must be a number, not true");
    refuses(
        plan("list_scan", DET, "m1", 3),
        "wrong-type",
        "positions of 'm1': must be a list of numbers, not 3");
    refuses(
        plan("list_scan", DET, "m1", List.of(1, "x")),
        "wrong-type",
        "positions of 'm1'[1]: must be a number, not 'x'");
    refuses(
        plan("mv", "m1", "up"), "wrong-type", "args: position of 'm1' must be a number, not 'up'");
  }

  @Test
  void aNumberThatIsNotFinite() {
    refuses(
        plan("mv", "m1", Double.NaN),
        "not-finite",
        "position of 'm1': must be a finite number, not NaN");
    refuses(
        plan("scan", DET, "m1", 0, Double.POSITIVE_INFINITY, 3),
        "not-finite",
        "stop of 'm1': must be a finite number, not Infinity");
    refuses(plan("count", DET, Double.NaN), "not-finite", "num: must be a whole number, not NaN");
  }

  @Test
  void aNumberOutOfItsRange() {
    refuses(
        plan("count", DET, 0),
        "bad-argument",
        "num: must be a whole number from 1 to 1000000000, not 0");
    refuses(
        plan("scan", DET, "m1", 0, 1, 1_000_000_001),
        "bad-argument",
        "num: must be a whole number from 1 to 1000000000, not 1000000001");
    refuses(plan("sleep", -1), "bad-argument", "time: must be from 0.0 to 2592000.0, not -1");
    refuses(
        plan("count", DET, 2, -0.5),
        "bad-argument",
        "delay: must be from 0.0 to 2592000.0, not -0.5");
    refuses(
        plan("count", DET, 4, List.of(1, 1)),
        "bad-argument",
        "delay: a list must have at least num - 1 = 3 pauses, not 2");
    refuses(
        plan("grid_scan", DET, "m1", 0, 1, 100_000, "m2", 0, 1, 100_000),
        "bad-argument",
        "args: the grid has 10000000000 points, at most 1000000000 are allowed");
  }

  @Test
  void anUnknownDevice() {
    refuses(
        plan("count", List.of("dett1")),
        "unknown-device",
        "detectors: there is no device 'dett1'. Did you mean 'det1'?"
            + " GET /api/devices/allowed lists the devices.");
    refuses(
        plan("mv", "M9", 1),
        "unknown-device",
        "args: there is no device 'M9'. Did you mean 'm1' or 'm2' or 'm3'?"
            + " GET /api/devices/allowed lists the devices.");
    refuses(
        plan("mv", "zzzzzzzz", 1),
        "unknown-device",
        "args: there is no device 'zzzzzzzz'. GET /api/devices/allowed lists the devices.");
  }

  @Test
  void aDeviceWhileNoneIsKnownYet() {
    assertThat(Beam.PLANS.check(plan("count", DET), List.of()).orElseThrow().text())
        .startsWith("detectors: there is no device '")
        .contains("None is known yet: a node that has just started");
  }

  @Test
  void aDeviceThatCanNotDoIt() {
    refuses(
        plan("count", List.of("shutter")),
        "not-readable",
        "detectors: device 'shutter' (Sim) is not readable, it is movable");
    refuses(
        plan("mv", "det1", 1),
        "not-movable",
        "args: device 'det1' (Sim) is not movable, it is readable, triggerable, stageable");
    refuses(
        plan("mv", "off", 1),
        "device-disabled",
        "args: device 'off' is disabled: enable it in the device configuration first");
  }

  @Test
  void butNotADeviceThatMayComeBack() {
    assertThat(Beam.PLANS.check(plan("mv", "broken", 1), Beam.DEVICES)).isEmpty();
  }

  private static List<DeviceView> with(DeviceView... more) {
    List<DeviceView> devices = new ArrayList<>(Beam.DEVICES);
    devices.addAll(List.of(more));
    return devices;
  }

  @ParameterizedTest
  @EnumSource(
      value = ReadoutPriority.class,
      names = {"MONITORED", "BASELINE", "ASYNC"})
  void aRunThatLacksADeviceWhichCouldNotBeMade(ReadoutPriority priority) {
    Beam.Device ring = new Beam.Device("ring").priority(priority);
    PlanRequest count = plan("count", DET);
    assertThat(Beam.PLANS.check(count, with(ring.notMade("ring can't be made: no PV.").build())))
        .contains(
            new Refusal(
                "not-made",
                "device 'ring' (readoutPriority %s) belongs to every run, and can't be used: ring"
                        .formatted(priority.word())
                    + " can't be made: no PV. Mend its configuration, or disable it.",
                Map.of("device", "ring")));
    assertThat(Beam.PLANS.check(plan("mv", "m1", 1), with(ring.build()))).isEmpty();
    assertThat(Beam.PLANS.check(count, with(ring.state(DeviceView.State.DISABLED).build())))
        .isEmpty();
  }

  @Test
  void aDeviceThatIsNamedAndCouldNotBeMade() {
    Beam.Device ring = new Beam.Device("ring").notMade("ring can't be made: no PV.");
    assertThat(Beam.PLANS.check(plan("count", DET), with(ring.build()))).isEmpty();
    assertThat(Beam.PLANS.check(plan("count", List.of("ring")), with(ring.build())))
        .get()
        .matches(refusal -> refusal.code().equals("not-made"))
        .extracting(Refusal::text)
        .isEqualTo("detectors: device 'ring' can't be used: ring can't be made: no PV.");
  }

  @Test
  void detectorsThatAreNoList() {
    refuses(
        plan("count", "det1"),
        "wrong-type",
        "detectors: must be a list of devices; write ['det1'] for one alone");
    refuses(plan("count", 5), "wrong-type", "detectors: must be a list of devices, not 5");
    refuses(
        plan("count", List.of(5)), "wrong-type", "detectors: must be the name of a device, not 5");
  }

  @Test
  void aMotorGivenTwice() {
    refuses(
        plan("scan", DET, "m1", 0, 1, "m1", 0, 1, 3),
        "device-twice",
        "args: motor 'm1' is given twice");
  }

  @Test
  void everyCornerBeyondTheLimits() {
    String text = " is beyond its limits, allowed is -10.0 to 10.0 mm";
    refuses(plan("mv", "m1", 11), "beyond-limits", "motor 'm1': position 11.0 mm" + text);
    refuses(
        plan("scan", DET, "m1", -10.5, 1, 3),
        "beyond-limits",
        "motor 'm1': position -10.5 mm" + text);
    refuses(
        plan("grid_scan", DET, "m1", 0, 1, 2, "m2", 0, 12, 2),
        "beyond-limits",
        "motor 'm2': position 12.0 mm" + text);
    refuses(
        plan("list_scan", DET, "m1", List.of(0, 10.01, 2)),
        "beyond-limits",
        "motor 'm1': position 10.01 mm" + text);
    assertThat(Beam.refusal(plan("mv", "m1", 11)).details())
        .containsEntry("device", "m1")
        .containsEntry("given", "11.0")
        .containsEntry("high", "10.0");
  }

  @Test
  void butNotTheLimitsThemselvesNorDistances() {
    assertThat(Beam.PLANS.check(plan("scan", DET, "m1", -10, 10, 3), Beam.DEVICES)).isEmpty();
    assertThat(Beam.PLANS.check(plan("rel_scan", DET, "m1", -15, 0, 3), Beam.DEVICES)).isEmpty();
  }

  @Test
  void listsOfDifferentLengths() {
    refuses(
        plan("list_scan", DET, "m1", List.of(1, 2), "m2", List.of(1)),
        "bad-argument",
        "args: all lists must be equally long; 'm1' has 2 positions, 'm2' has 1");
    refuses(
        plan("list_scan", DET, "m1", List.of()),
        "bad-argument",
        "positions of 'm1': must hold at least one number");
  }

  @Test
  void snakesThatCanNotBe() {
    PlanRequest grid = plan("grid_scan", DET, "m1", 0, 1, 2, "m2", 0, 1, 2);
    refuses(
        named(grid, Map.of("snake_axes", List.of("m1"))),
        "bad-argument",
        "snake_axes: motor 'm1' is the slowest and can't snake");
    refuses(
        named(grid, Map.of("snake_axes", List.of("m3"))),
        "bad-argument",
        "snake_axes: motor 'm3' does not move in this grid");
    refuses(
        named(grid, Map.of("snake_axes", List.of("m2", "m2"))),
        "device-twice",
        "snake_axes: motor 'm2' is given twice");
    refuses(
        named(grid, Map.of("snake_axes", 1)),
        "wrong-type",
        "snake_axes: must be true, false or a list of motors, not 1");
  }

  @Test
  void metadataThatNoDocumentCanHold() {
    refuses(
        named(plan("count", DET), Map.of("md", Map.of("a.b", 1))),
        "bad-argument",
        "md: the key 'a.b' must not contain '.' or '/'");
    refuses(
        named(plan("count", DET), Map.of("md", Map.of("deep", List.of(Map.of("a/b", 1))))),
        "bad-argument",
        "md: the key 'a/b' must not contain '.' or '/'");
    refuses(
        named(plan("count", DET), Map.of("md", Map.of("uid", "x"))),
        "bad-argument",
        "md: 'uid' is given by the run itself and can't be set, choose another key");
    refuses(
        named(plan("count", DET), Map.of("md", Map.of("sample", 3))),
        "wrong-type",
        "md: 'sample' must be a text or a map, not 3");
    refuses(named(plan("count", DET), Map.of("md", 3)), "wrong-type", "md: must be a map, not 3");
    refuses(
        new PlanRequest(
            "count", List.of(Beam.value(DET)), Value.Fields.EMPTY, Beam.fields(Map.of("owner", 1))),
        "wrong-type",
        "meta: 'owner' must be a text, not 1");
  }
}

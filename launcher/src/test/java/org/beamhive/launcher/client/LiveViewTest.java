package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class LiveViewTest {
  private static final RunUid RUN = new RunUid("r1");

  private final StringWriter text = new StringWriter();
  private final LiveView view = new LiveView(new PrintWriter(text), true);

  private static DeviceDescription device(String name, String units, Integer precision) {
    DataKey key =
        new DataKey(
            "number", List.of(), "SIM:" + name, units, precision, "<f8", name, null, null, null);
    return new DeviceDescription(
        new DeviceName(name), "Sim", Map.of(name, key), List.of(name), List.of(), Map.of());
  }

  private static Reading reading(String key, double value) {
    return new Reading(key, Value.of(value), 1, AlarmSeverity.NO_ALARM);
  }

  @Test
  void showsATableAndThePeakOfAScan() {
    view.accept(
        new RunStart(
            RUN,
            1000,
            5,
            Value.Fields.EMPTY
                .with("plan_name", Value.of("scan"))
                .with("motors", Value.of(List.of(Value.of("samx"))))
                .with("num_points", Value.of(21L))));
    view.accept(
        new EventDescriptor(
            "d1",
            RUN,
            1000,
            "primary",
            List.of(device("det", null, null), device("samx", "mm", 3))));
    for (int i = 0; i <= 20; i++) {
      double x = -1 + i * 0.1;
      double y = Math.exp(-Math.pow((x - 0.2) / 0.3, 2) / 2);
      view.accept(
          new Event(
              "e" + i, "d1", i + 1, 1000 + i, List.of(reading("det", y), reading("samx", x))));
    }
    view.accept(new RunStop("s", RUN, 1021, "success", "", Map.of("primary", 21L)));

    assertThat(text.toString())
        .contains("Scan 5: scan at ")
        .contains("|    samx [mm] |          det |")
        .contains("|       -1.000 |")
        .contains("Gaussian at 0.2000, FWHM 0.70")
        .contains("Scan 5: success, 21 points in 21.0 s");
    assertThat(text.toString().lines().filter(line -> line.startsWith("|"))).hasSize(22);
  }

  @Test
  void ignoresDocumentsOfRunsItHasNotSeenBegin() {
    view.accept(new RunStop("s", RUN, 1, "abort", "stopped by the operator", Map.of()));
    view.accept(new Event("e", "d", 1, 1, List.of()));
    assertThat(text.toString()).isEmpty();
  }
}

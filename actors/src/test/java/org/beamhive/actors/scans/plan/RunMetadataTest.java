package org.beamhive.actors.scans.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.actors.scans.plan.Beam.build;
import static org.beamhive.actors.scans.plan.Beam.fields;
import static org.beamhive.actors.scans.plan.Beam.metadata;
import static org.beamhive.actors.scans.plan.Beam.named;
import static org.beamhive.actors.scans.plan.Beam.plan;

import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;
import org.junit.jupiter.api.Test;

class RunMetadataTest {
  @Test
  void ofACount() {
    assertThat(metadata(build(plan("count", List.of("det1", "det2"), 5))).shown())
        .isEqualTo(
            "{'plan_type': 'generator', 'plan_name': 'count', 'detectors': ['det1', 'det2'],"
                + " 'motors': [], 'plan_args': {'detectors': ['det1', 'det2'], 'num': 5,"
                + " 'delay': 0.0}, 'num_points': 5, 'num_intervals': 4,"
                + " 'hints': {'dimensions': [[['time'], 'primary']]}}");
  }

  @Test
  void ofACountWithoutEnd() {
    assertThat(metadata(build(plan("count", List.of("det1"), Value.None.NONE))).fields())
        .containsEntry("num_points", Value.None.NONE)
        .containsEntry("num_intervals", Value.None.NONE);
  }

  @Test
  void ofAScan() {
    assertThat(
            metadata(build(plan("rel_scan", List.of("det1"), "m1", -1, 1.5, "m2", 0, 1, 3)))
                .shown())
        .isEqualTo(
            "{'plan_type': 'generator', 'plan_name': 'rel_scan', 'plan_args':"
                + " {'detectors': ['det1'], 'num': 3, 'args': ['m1', -1, 1.5, 'm2', 0, 1]},"
                + " 'plan_pattern': 'inner_product',"
                + " 'plan_pattern_module': 'bluesky.plan_patterns', 'plan_pattern_args':"
                + " {'num': 3, 'args': ['m1', -1, 1.5, 'm2', 0, 1]}, 'detectors': ['det1'],"
                + " 'motors': ['m1', 'm2'], 'num_points': 3, 'num_intervals': 2,"
                + " 'hints': {'dimensions': [[['m1', 'm2'], 'primary']]}}");
  }

  @Test
  void ofAListScan() {
    assertThat(metadata(build(plan("list_scan", List.of(), "m1", List.of(1, 2)))).fields())
        .containsEntry("plan_pattern", Value.of("inner_list_product"))
        .containsEntry("plan_pattern_args", fields(Map.of("args", List.of("m1", List.of(1, 2)))));
  }

  @Test
  void ofAGrid() {
    PlanRequest grid = plan("grid_scan", List.of("det1"), "m1", 0, 1, 2, "m2", -1, 1.5, 3);
    Value.Fields metadata = metadata(build(named(grid, Map.of("snake_axes", List.of("m2")))));
    assertThat(metadata.fields())
        .containsEntry("plan_pattern", Value.of("outer_product"))
        .containsEntry("num_points", Value.of(6))
        .containsEntry("shape", Beam.value(List.of(2, 3)))
        .containsEntry("extents", Beam.value(List.of(List.of(0, 1), List.of(-1, 1.5))))
        .containsEntry("snaking", Beam.value(List.of(false, true)));
    assertThat(metadata.get("plan_pattern_args").shown())
        .isEqualTo("{'args': ['m1', 0, 1, 2, 'm2', -1, 1.5, 3, true]}");
    assertThat(metadata.get("hints").shown())
        .isEqualTo(
            "{'gridding': 'rectilinear',"
                + " 'dimensions': [[['m1'], 'primary'], [['m2'], 'primary']]}");
  }

  @Test
  void ofAListGrid() {
    Value.Fields metadata =
        metadata(
            build(plan("list_grid_scan", List.of(), "m1", List.of(3, 1), "m2", List.of(1, 2, 4))));
    assertThat(metadata.fields())
        .containsEntry("plan_pattern", Value.of("outer_list_product"))
        .containsEntry("shape", Beam.value(List.of(2, 3)))
        .containsEntry("extents", Beam.value(List.of(List.of(1.0, 3.0), List.of(1.0, 4.0))))
        .containsEntry("snake_axes", Value.of(false));
  }

  @Test
  void theClientsMetadataWins() {
    PlanRequest request =
        new PlanRequest(
            "count",
            List.of(Beam.value(List.of("det1"))),
            fields(
                Map.of(
                    "md",
                    Map.of("sample", "lead", "plan_name", "mine", "hints", Map.of("mine", 1)))),
            fields(Map.of("sample", "gold")));
    Value.Fields metadata = metadata(build(request));
    assertThat(metadata.text("sample")).isEqualTo("gold");
    assertThat(metadata.text("plan_name")).isEqualTo("mine");
    assertThat(((Value.Fields) metadata.get("hints")).fields()).containsKeys("mine", "dimensions");
  }
}

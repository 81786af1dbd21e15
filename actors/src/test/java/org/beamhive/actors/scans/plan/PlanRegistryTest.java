package org.beamhive.actors.scans.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.plan.PlanDescription.Kind;
import org.beamhive.protocol.plan.PlanDescription.Parameter;
import org.junit.jupiter.api.Test;

class PlanRegistryTest {
  private static PlanDescription description(String name) {
    return Beam.PLANS.descriptions().stream()
        .filter(plan -> plan.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void findsThePlans() {
    assertThat(Beam.PLANS.descriptions())
        .extracting(PlanDescription::name)
        .containsExactly(
            "count",
            "fly",
            "grid_scan",
            "list_grid_scan",
            "list_scan",
            "mv",
            "mvr",
            "rel_grid_scan",
            "rel_list_grid_scan",
            "rel_list_scan",
            "rel_scan",
            "scan",
            "sleep");
  }

  @Test
  void describesCountAsTheQueueServerDoes() {
    List<Parameter> parameters = description("count").parameters();
    assertThat(parameters)
        .extracting(Parameter::name)
        .containsExactly("detectors", "num", "delay", "md");
    assertThat(parameters)
        .extracting(Parameter::annotation)
        .containsExactly(
            "collections.abc.Sequence[__READABLE__]",
            "typing.Optional[int]",
            "typing.Union[float, collections.abc.Iterable[float]]",
            "typing.Optional[dict[str, typing.Any]]");
    assertThat(parameters)
        .extracting(Parameter::defaultText)
        .containsExactly(null, "1", "0.0", "None");
    assertThat(parameters)
        .extracting(Parameter::convertDevices)
        .containsExactly(true, false, false, false);
    assertThat(parameters)
        .extracting(Parameter::kind)
        .containsExactly(
            Kind.POSITIONAL_OR_KEYWORD,
            Kind.POSITIONAL_OR_KEYWORD,
            Kind.POSITIONAL_OR_KEYWORD,
            Kind.KEYWORD_ONLY);
    assertThat(parameters).extracting(Parameter::min).containsExactly(null, 1.0, 0.0, null);
  }

  @Test
  void describesFreeArguments() {
    Parameter args = description("grid_scan").parameters().get(1);
    assertThat(args.kind()).isEqualTo(Kind.VAR_POSITIONAL);
    assertThat(args.annotation()).isEqualTo("typing.Union[__MOVABLE__, typing.Any]");
    assertThat(args.convertDevices()).isTrue();
    assertThat(args.defaultText()).isNull();
    assertThat(description("list_grid_scan").parameters().get(2).defaultText()).isEqualTo("False");
  }

  @Test
  void everyPlanAndParameterHasItsHelp() {
    for (PlanDescription plan : Beam.PLANS.descriptions()) {
      assertThat(plan.description()).endsWith(".");
      assertThat(plan.parameters())
          .allSatisfy(parameter -> assertThat(parameter.description()).endsWith("."));
    }
  }

  @Test
  void refusesTwoPlansOfOneName() {
    assertThatIllegalStateException()
        .isThrownBy(() -> PlanRegistry.of(List.of(new BlueskyPlans(), new BlueskyPlans())))
        .withMessageStartingWith("two plans are called 'count'");
  }
}

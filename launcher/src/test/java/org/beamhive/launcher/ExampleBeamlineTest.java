package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.HealthSettings;
import org.beamhive.cluster.NodeSettings;
import org.junit.jupiter.api.Test;

/** The example beamline, as it is shipped. */
class ExampleBeamlineTest {
  private static final BeamlineFolder EXAMPLE =
      new BeamlineFolder(Path.of("../cluster-config/example"));

  @Test
  void allItsNodesCanRunOnOneMachine() {
    List<Integer> ports = new ArrayList<>();
    List<Integer> health = new ArrayList<>();
    for (String name : EXAMPLE.nodes()) {
      Config config = ConfigLayers.load(Optional.of(EXAMPLE.file(name)), Map.of());
      NodeSettings node = NodeSettings.from(config);
      ports.add(node.port());
      if (node.has("gateway")) {
        ports.add(config.getInt("beamhive.web.port"));
      }
      health.add(HealthSettings.from(config).port());
    }
    ports.addAll(health);
    assertThat(ports).doesNotHaveDuplicates().doesNotContain(0);
    assertThat(health).hasSizeGreaterThan(4).allMatch(port -> port > 60700 && port < 60800);
  }

  @Test
  void anEndpointOfHealthWithoutAnAddressIsOffAndMistakesAreNamed() {
    assertThat(health(Map.of("beamhive.health.host", "")).enabled()).isFalse();
    assertThat(health(Map.of()).enabled()).isTrue();
    assertThatThrownBy(
            () -> health(Map.of("beamhive.health.port", 70000, "beamhive.health.timeout", "0 s")))
        .isInstanceOf(ConfigProblem.class)
        .hasMessageContaining("beamhive.health.port = 70000: 0 to 65535 is allowed")
        .hasMessageContaining("beamhive.health.timeout = 0 s: 10 ms or more is allowed");
  }

  private static HealthSettings health(Map<String, Object> settings) {
    return HealthSettings.from(ConfigLayers.load(Optional.empty(), settings));
  }
}

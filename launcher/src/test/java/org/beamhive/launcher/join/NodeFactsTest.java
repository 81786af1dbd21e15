package org.beamhive.launcher.join;

import static org.assertj.core.api.Assertions.assertThat;

import akka.cluster.Invalid;
import akka.cluster.Valid$;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.Map;
import java.util.TreeMap;
import org.beamhive.protocol.wire.ProtocolVersion;
import org.junit.jupiter.api.Test;

class NodeFactsTest {
  private static final NodeFacts OURS = NodeFacts.of(ConfigFactory.load());

  private static NodeFacts with(String beamline, String protocol, Map<String, String> change) {
    Map<String, String> wire = new TreeMap<>(OURS.wire());
    wire.putAll(change);
    return new NodeFacts(beamline, protocol, "0.9.0", new TreeMap<>(wire));
  }

  @Test
  void knowsOurSerializersAndTheirMarkers() {
    assertThat(OURS.protocol()).isEqualTo(ProtocolVersion.CURRENT);
    assertThat(OURS.wire())
        .containsEntry("id 7400", "beamhive-cbor akka.serialization.jackson.JacksonCborSerializer")
        .containsEntry("org.beamhive.protocol.wire.CborSerializable", "beamhive-cbor")
        .containsKeys("id 7401", "id 7402");
  }

  @Test
  void namesWhatDiffersWithBothValuesAndWhatToDo() {
    assertThat(OURS.misfit("h:1", with("bl2", OURS.protocol(), Map.of())).orElseThrow())
        .startsWith("node h:1 belongs to beamline 'bl2', this node to 'beamline': ")
        .contains("beamhive.node.beamline");
    assertThat(OURS.misfit("h:1", with(OURS.beamline(), "9.3", Map.of())).orElseThrow())
        .startsWith("node h:1 runs Beamhive 0.9.0 with protocol 9.3, this node ")
        .contains("with protocol " + ProtocolVersion.CURRENT + ": ");
    assertThat(
            OURS.misfit("h:1", with(OURS.beamline(), "1.0", Map.of("id 7400", "other Other")))
                .orElseThrow())
        .startsWith("node h:1 writes 'id 7400' with 'other Other', this node with 'beamhive-cbor")
        .contains("install the same");
  }

  @Test
  void fitsANodeOfTheSameMajorThatKnowsMore() {
    NodeFacts next = with(OURS.beamline(), "1.7", Map.of("id 7499", "beamhive-new New"));
    assertThat(next.digest()).isNotEqualTo(OURS.digest());
    assertThat(OURS.misfit("h:1", next)).isEmpty();
    assertThat(next.misfit("h:1", OURS)).isEmpty();
  }

  @Test
  void surviveTheGreeting() {
    Greeting.Question question = new Greeting.Question("h:1", "g:2", "akka://x/y#3", OURS);
    assertThat(Greeting.question(Greeting.write(question))).contains(question);
    Greeting.Answer answer =
        new Greeting.Answer("h:1", -7_000_000_000_000_000_001L, true, true, "Up", OURS);
    assertThat(Greeting.answer(Greeting.write(answer))).contains(answer);
    assertThat(Greeting.answer(Greeting.write(question))).isEmpty();
    assertThat(Greeting.question("hello")).isEmpty();
    // what a later version adds is ignored
    assertThat(
            Greeting.answer(
                Greeting.write(answer).replaceFirst("\\{", "{\"added\":{\"later\":[1]},")))
        .contains(answer);
  }

  @Test
  void akkaComparesThemToo() {
    NodeFactsCheck check = new NodeFactsCheck();
    Config own = OURS.into(ConfigFactory.empty());
    assertThat(NodeFacts.in(own)).contains(OURS);
    assertThat(check.check(own, own)).isEqualTo(Valid$.MODULE$);
    Config other = with("bl2", "1.0", Map.of()).into(ConfigFactory.empty());
    assertThat(((Invalid) check.check(other, own)).errorMessages().head()).contains("'bl2'");
    assertThat(((Invalid) check.check(ConfigFactory.empty(), own)).errorMessages().head())
        .contains("does not say what it is");
  }
}

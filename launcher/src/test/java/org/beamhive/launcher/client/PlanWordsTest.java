package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanWordsTest {
  private static JsonNode declaration() throws Exception {
    return ApiClient.JSON.readTree(
        "{\"parameters\":[{\"name\":\"detectors\",\"kind\":{\"name\":\"POSITIONAL_OR_KEYWORD\","
            + "\"value\":1},\"annotation\":{\"type\":"
            + "\"collections.abc.Sequence[__READABLE__]\"}},"
            + "{\"name\":\"args\",\"kind\":{\"name\":\"VAR_POSITIONAL\",\"value\":2}},"
            + "{\"name\":\"num\",\"kind\":{\"name\":\"KEYWORD_ONLY\",\"value\":3}}]}");
  }

  private static String item(String plan, String... words) throws Exception {
    return PlanWords.item(plan, List.of(words), declaration()).toString();
  }

  @Test
  void makesAListOfASingleDetector() throws Exception {
    assertThat(item("scan", "det", "samx", "-5", "5", "101"))
        .isEqualTo(
            "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-5,5,101]}");
    assertThat(item("scan", "det1,det2", "samx", "-.5", "1e-3", "num=11"))
        .isEqualTo(
            "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det1\",\"det2\"],\"samx\","
                + "-0.5,0.001],\"kwargs\":{\"num\":11}}");
    assertThat(item("scan", "detectors=det"))
        .isEqualTo(
            "{\"item_type\":\"plan\",\"name\":\"scan\",\"kwargs\":{\"detectors\":[\"det\"]}}");
  }

  @Test
  void leavesTheWordsOfAnUnknownPlanAsTheyAre() {
    assertThat(PlanWords.item("x", List.of("det"), ApiClient.object().path("none")).toString())
        .isEqualTo("{\"item_type\":\"plan\",\"name\":\"x\",\"args\":[\"det\"]}");
  }

  @Test
  void readsWordsAsTheValuesTheyLookLike() {
    assertThat(Words.value("1").toString()).isEqualTo("1");
    assertThat(Words.value("-1.0").toString()).isEqualTo("-1.0");
    assertThat(Words.value("True").toString()).isEqualTo("true");
    assertThat(Words.value("none").isNull()).isTrue();
    assertThat(Words.value("[1,2.5,samx]").toString()).isEqualTo("[1,2.5,\"samx\"]");
    assertThat(Words.value("[[1,2],[3]]").toString()).isEqualTo("[[1,2],[3]]");
    assertThat(Words.value("[a,b],c").toString()).isEqualTo("[[\"a\",\"b\"],\"c\"]");
    assertThat(Words.value("a,").toString()).isEqualTo("[\"a\"]");
    assertThat(Words.value("{\"a\":1}").toString()).isEqualTo("{\"a\":1}");
    assertThat(Words.value("samx").toString()).isEqualTo("\"samx\"");
  }
}

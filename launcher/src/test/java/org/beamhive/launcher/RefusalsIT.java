package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Bad input to a running node: each refused with a sentence that names the thing, and the node
 * stays up.
 */
class RefusalsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  @TempDir private static Path folder;
  private static BeamhiveNode node;

  @BeforeAll
  static void start() throws Exception {
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        """
        motor: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10]}, enabled: true, readoutPriority: on_request}
        det: {deviceClass: SimDetector, deviceConfig: {motor: motor, center: 0, sigma: 1}, enabled: true,
              readoutPriority: on_request, softwareTrigger: true}
        off: {deviceClass: SimMotor, enabled: false, readoutPriority: on_request}
        """);
    node = NodeForTest.start(folder, devices);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!add("{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det\"]]}")
        .path("success")
        .asBoolean()) {
      assertThat(System.nanoTime()).as("devices within 120 s").isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  @AfterAll
  static void end() {
    node.close();
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(node.httpUrl().orElseThrow() + path))
            .header("Authorization", "ApiKey " + node.apiKey())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode add(String item) throws Exception {
    return JSON.readTree(post("/api/queue/item/add", "{\"item\":" + item + "}").body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'name':'dance'} | dance",
        "{'name':'count','args':[['nosuch']]} | nosuch",
        "{'name':'count','args':['det']} | list",
        "{'name':'count','args':[['det']],'kwargs':{'nosuch':3}} | nosuch",
        "{'name':'count','args':[['det']],'kwargs':{'num':'five'}} | num",
        "{'name':'count','args':[['det']],'kwargs':{'num':-1}} | num",
        "{'name':'scan','args':[['det'],'motor','a',1,5]} | start",
        "{'name':'scan','args':[['det'],'motor',-1,11,5]} | 11",
        "{'name':'scan','args':[['det'],'motor',-1,1,'motor',-1,1,5]} | motor",
        "{'name':'scan','args':[['det'],'det',-1,1,5]} | det",
        "{'name':'scan','args':[['det'],'off',-1,1,5]} | off",
        "{'name':'list_scan','args':[['det'],'motor',[1,2,20]]} | 20",
        "{'name':'grid_scan','args':[['det'],'motor',-1,1,3],'kwargs':{'snake_axes':['motor']}} | motor",
        "{'name':'mv','args':['motor',99]} | 99",
        "{'name':'sleep','args':[-1]} | -1",
      })
  void aPlanThatCantRunIsRefusedByName(String item, String named) throws Exception {
    JsonNode answer = add(item.replace('\'', '"').replaceFirst("\\{", "{\"item_type\":\"plan\","));
    assertThat(answer.path("success").asBoolean()).as(answer.toString()).isFalse();
    assertThat(answer.path("msg").asText().lines().findFirst().orElseThrow()).contains(named);
  }

  @Test
  void numbersThatAreNotFiniteAreRefused() throws Exception {
    HttpResponse<String> answer =
        post(
            "/api/queue/item/add",
            "{\"item\":{\"item_type\":\"plan\",\"name\":\"mv\",\"args\":[\"motor\",NaN]}}");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(JSON.readTree(answer.body()).path("detail").asText()).contains("NaN");
    assertThat(
            add("{\"item_type\":\"plan\",\"name\":\"mv\",\"args\":[\"motor\",1e999]}").toString())
        .contains("too large");
  }

  @Test
  void tenMegabytesAndMalformedJsonAreRefusedAndTheNodeStaysUp() throws Exception {
    String large = "{\"item\":{\"name\":\"" + "x".repeat(10_000_000) + "\"}}";
    try {
      assertThat(post("/api/queue/item/add", large).statusCode()).isEqualTo(413);
    } catch (java.io.IOException closed) {
      // the server may close the connection while the client still sends
      assertThat(closed).hasMessageNotContaining("refused");
    }
    HttpResponse<String> malformed = post("/api/queue/item/add", "{\"item\": {");
    assertThat(malformed.statusCode()).isEqualTo(400);
    assertThat(JSON.readTree(malformed.body()).path("detail").asText()).isNotEmpty();
    assertThat(
            add("{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det\"]]}")
                .path("success")
                .asBoolean())
        .isTrue();
  }
}

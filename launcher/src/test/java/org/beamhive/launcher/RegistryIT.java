package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.client.ClientException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of devices changed over HTTP, while a scan runs and over a restart. */
@Timeout(300)
class RegistryIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FILE =
      """
      motor: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10]}, enabled: true,
              readoutPriority: baseline, userParameter: {in: 1.5}, deviceTags: [sample]}
      other: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}
      det: {deviceClass: SimDetector, deviceConfig: {motor: motor, center: 0, sigma: 1}, enabled: true,
            readoutPriority: on_request, softwareTrigger: true, needs: [motor]}
      """;

  @TempDir private Path folder;
  private Path file;
  private BeamhiveNode node;
  private ApiClient api;

  @BeforeEach
  void begin() throws Exception {
    file = folder.resolve("devices.yaml");
    Files.writeString(file, FILE);
    start();
  }

  @AfterEach
  void end() {
    node.close();
  }

  private void start() {
    node = NodeForTest.start(folder, file);
    api = new ApiClient(node.httpUrl().orElseThrow(), Optional.of(node.apiKey()));
    for (String device : List.of("motor", "other", "det")) {
      await(device, () -> state(device).equals("ready"));
    }
  }

  private static void await(String what, BooleanSupplier done) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!done.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s within two minutes", what).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private JsonNode device(String name) {
    for (JsonNode device : api.get("/api/devices").path("devices")) {
      if (device.path("name").asText().equals(name)) {
        return device;
      }
    }
    return JSON.nullNode();
  }

  private String state(String name) {
    return device(name).path("state").asText();
  }

  private JsonNode change(String what, String body) {
    try {
      return api.post("/api/devices/config/" + what, JSON.readTree(body));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private JsonNode config() {
    return api.get("/api/devices/config");
  }

  private void startCounting() throws Exception {
    api.post("/api/environment/open");
    await(
        "environment", () -> api.get("/api/status").path("worker_environment_exists").asBoolean());
    ObjectNode body = ApiClient.object();
    body.set(
        "item",
        JSON.readTree(
            "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det\"]],\"kwargs\":{\"num\":100000,\"delay\":0.05}}"));
    api.post("/api/queue/item/execute", body);
    await("the scan", () -> api.get("/api/status").path("re_state").asText().equals("running"));
    await("its run", () -> api.get("/api/re/runs/active").path("run_list").size() == 1);
  }

  private void stopCounting() {
    api.post("/api/re/pause", ApiClient.object().put("option", "immediate"));
    await("the pause", () -> api.get("/api/status").path("re_state").asText().equals("paused"));
    // a paused scan has its devices, too
    assertThatThrownBy(() -> change("disable", "{\"name\":\"det\"}"))
        .hasMessageContaining("det is used by scan");
    api.post("/api/re/stop");
    await("the end", () -> api.get("/api/status").path("manager_state").asText().equals("idle"));
  }

  @Test
  void aNodeThatHasHadItsDevicesStartsWhateverIsWrongWithItsFile() throws Exception {
    await("the devices on disk", () -> Files.exists(folder.resolve("data/devices-main.json")));
    node.close();
    Files.writeString(
        file,
        FILE
            + "old: {deviceClass: gone.Thing, enabled: false, readoutPriority: on_request}\n"
            + "third: {deviceClass: SimMotr, enabled: true, readoutPriority: on_request}\n");
    start();
    await("the difference", () -> config().toString().contains("third.deviceClass: is 'SimMotr'"));
    assertThat(config().toString()).contains("is not in force, since it has mistakes");
    assertThat(device("third").isNull()).isTrue();
  }

  @Test
  void devicesAreChangedWhileAScanRunsButNotThoseThatItUses() throws Exception {
    assertThat(device("motor").at("/user_parameter/in").asDouble()).isEqualTo(1.5);
    assertThat(device("det").path("needs").toString()).isEqualTo("[\"motor\"]");
    startCounting();

    // force is for devices that don't answer, not for those that say that a scan has them
    for (String what : List.of("disable", "remove")) {
      assertThatThrownBy(() -> change(what, "{\"name\":\"det\",\"force\":true}"))
          .isInstanceOf(ClientException.class)
          .hasMessageContaining("det is used by scan");
    }
    assertThatThrownBy(() -> change("disable", "{\"name\":\"det\"}"))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("det is used by scan");
    assertThatThrownBy(() -> change("remove", "{\"names\":[\"other\",\"motor\"]}"))
        .hasMessageContaining("motor");
    change(
        "add",
        "{\"name\":\"extra\",\"config\":{\"deviceClass\":\"SimMotor\",\"enabled\":true,\"readoutPriority\":\"on_request\"}}");
    await("the new device", () -> state("extra").equals("ready"));
    change(
        "update",
        "{\"name\":\"other\",\"config\":{\"deviceConfig\":{\"limits\":[-1,1]},\"readOnly\":false}}");
    await("its limits", () -> device("other").at("/limits/high").asDouble() == 1);
    change("remove", "{\"name\":\"extra\"}");
    await("its end", () -> device("extra").isNull());
    assertThat(api.get("/api/status").path("re_state").asText()).isEqualTo("running");

    stopCounting();
    change("disable", "{\"name\":\"det\"}");
    await("the disabled device", () -> state("det").equals("disabled"));
    change("undo", "{}");
    await("the device again", () -> state("det").equals("ready"));
    change("disable", "{\"name\":\"motor\"}");
    await(
        "the device that needs it",
        () -> device("det").path("problem").asText().contains("needs motor, which is disabled"));
  }

  @Test
  void changesOutliveTheNodeAndCountMoreThanTheFile() throws Exception {
    change(
        "add",
        "{\"name\":\"extra\",\"config\":{\"deviceClass\":\"SimMotor\",\"enabled\":true,\"readoutPriority\":\"on_request\"}}");
    await("the new device", () -> state("extra").equals("ready"));
    change(
        "update", "{\"name\":\"other\",\"config\":{\"description\":\"spare\"},\"user\":\"fli\"}");
    node.close();
    Files.writeString(file, FILE.replace("[-10, 10]", "[-2, 2]"));
    start();

    await("the added device", () -> state("extra").equals("ready"));
    assertThat(config().at("/devices/other/config/description").asText()).isEqualTo("spare");
    assertThat(device("motor").at("/limits/high").asDouble()).isEqualTo(10);
    assertThat(config().at("/hutches/0/differences/0").asText()).contains("is not in force");

    JsonNode reloaded = change("reload", "{}");
    assertThat(reloaded.at("/change/count").asInt()).isEqualTo(3);
    await("the file's limits", () -> device("motor").at("/limits/high").asDouble() == 2);
    await("what the file has not", () -> device("extra").isNull());
    assertThat(config().at("/hutches/0/differences").isEmpty()).isTrue();
    JsonNode changes = api.get("/api/devices/config/history").path("changes");
    assertThat(changes.findValuesAsText("kind"))
        .containsExactly("loaded", "added", "updated", "reloaded");
    assertThat(changes.findValuesAsText("user"))
        .containsExactly("", "somebody at 127.0.0.1", "fli at 127.0.0.1", "somebody at 127.0.0.1");
  }
}

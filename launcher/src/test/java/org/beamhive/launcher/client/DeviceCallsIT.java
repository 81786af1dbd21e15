package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.beamhive.devices.ioc.IocFault;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.launcher.NodeForTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Devices outside any scan, over HTTP and by the commands, on a whole node. */
class DeviceCallsIT {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  @TempDir private static Path folder;
  private static SimulatedIoc ioc;
  private static BeamhiveNode node;
  private static ApiClient api;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    ioc = SimulatedIoc.start(0);
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        """
        quick: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10], egu: mm}, enabled: true, readoutPriority: on_request}
        other: {deviceClass: SimMotor, deviceConfig: {egu: mm}, enabled: true, readoutPriority: on_request}
        slow: {deviceClass: SimMotor, deviceConfig: {velocity: 0.01}, enabled: true, readoutPriority: on_request}
        real: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: on_request}
        det: {deviceClass: SimDetector, deviceConfig: {motor: quick, center: 0, sigma: 1}, enabled: true,
              readoutPriority: monitored, softwareTrigger: true}
        """);
    node =
        NodeForTest.start(
            folder,
            devices,
            Map.of(
                "beamhive.devices.channel-access.addresses",
                List.of("127.0.0.1:" + ioc.port()),
                "beamhive.devices.channel-access.repeater-port",
                0));
    api = new ApiClient(node.httpUrl().orElseThrow(), Optional.of(node.apiKey()));
    until(
        "all devices",
        () -> {
          JsonNode list = api.get("/api/devices").path("devices");
          for (JsonNode device : list) {
            if (!device.path("connected").asBoolean()) {
              return false;
            }
          }
          return list.size() == 5;
        });
  }

  @AfterAll
  static void end() {
    node.close();
    ioc.close();
  }

  /** At rest, and held by nobody. */
  @BeforeEach
  void rest() {
    api.ask("/api/devices/stop", ApiClient.object());
    for (String device : List.of("quick", "other", "slow")) {
      until(device + " to rest", () -> heldBy(device).isEmpty());
    }
  }

  private static void until(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what + " within " + LONG).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static String heldBy(String device) {
    return api.get("/api/devices/" + device).path("held_by").asText();
  }

  private static double position(String device) {
    return api.get("/api/devices/" + device + "/read")
        .at("/readings/" + device + "/value")
        .asDouble();
  }

  private static JsonNode call(String path, String body) throws IOException {
    return api.ask("/api/devices/" + path, ApiClient.JSON.readTree(body.replace('\'', '"')));
  }

  private static HttpResponse<String> http(String method, String path, String body)
      throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(node.httpUrl().orElseThrow() + path))
            .header("Authorization", "ApiKey " + node.apiKey())
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private int command(String... words) {
    CommandLine root = new CommandLine(CommandLine.Model.CommandSpec.create());
    ClientCommands.all().forEach(root::addSubcommand);
    root.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--url", node.httpUrl().orElseThrow(), "--api-key", node.apiKey()));
    return root.execute(all.toArray(String[]::new));
  }

  // ------------------------------------------------------------------ HTTP

  @Test
  void aMoveIsAnsweredWhenItHasEnded() throws Exception {
    JsonNode moved = call("quick/set", "{'value': 2, 'user': 'fli'}");
    assertThat(moved.path("success").asBoolean()).as(moved.toString()).isTrue();
    assertThat(position("quick")).isEqualTo(2);
    JsonNode step = call("quick/set", "{'value': -0.5, 'relative': true}");
    assertThat(step.path("result").asDouble()).isEqualTo(1.5);
    assertThat(position("quick")).isEqualTo(1.5);

    JsonNode known = api.get("/api/devices/quick/calls/" + moved.path("call").asText());
    assertThat(known.at("/call/user").asText()).isEqualTo("fli at 127.0.0.1");
    assertThat(known.at("/call/ended").asBoolean()).isTrue();
    JsonNode refused = call("quick/set", "{'value': 11}");
    assertThat(refused.path("success").asBoolean()).isFalse();
    assertThat(refused.path("code").asText()).isEqualTo("beyond-limits");
    assertThat(refused.path("msg").asText()).contains("quick can't go to 11");
  }

  @Test
  void aMoveNobodyWaitsForIsKnownByItsIdAndCanBeStopped() throws Exception {
    JsonNode begun = call("slow/set", "{'value': 5, 'wait': false}");
    String id = begun.path("call").asText();
    assertThat(begun.path("success").asBoolean()).as(begun.toString()).isTrue();
    until("the move to begin", () -> !heldBy("slow").isEmpty());
    assertThat(call("slow/set", "{'value': 1}").path("msg").asText()).contains("slow is used by");

    assertThat(call("slow/stop", "{}").path("devices").toString()).isEqualTo("[\"slow\"]");

    until(
        "the call to end",
        () -> api.get("/api/devices/slow/calls/" + id).at("/call/code").asText().equals("stopped"));
  }

  @Test
  void aDeviceStopsWhenTheClientThatWaitsIsGone() throws Exception {
    URI url = URI.create(node.httpUrl().orElseThrow());
    String body = "{\"value\": 9}";
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket
          .getOutputStream()
          .write(
              ("POST /api/devices/slow/set HTTP/1.1\r\nHost: x\r\nAuthorization: ApiKey "
                      + node.apiKey()
                      + "\r\nContent-Type: application/json\r\nContent-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.US_ASCII));
      until("the move to begin", () -> !heldBy("slow").isEmpty());
    }

    until("the move to be stopped", () -> heldBy("slow").isEmpty());
    JsonNode calls = api.get("/api/devices/slow").path("calls");
    assertThat(calls.get(calls.size() - 1).path("code").asText()).isEqualTo("owner-silent");
  }

  @Test
  void aStopThatAHangingIocDoesNotConfirmIsNotCalledDone() throws Exception {
    ioc.records().fault("", IocFault.FREEZE, true);
    try {
      JsonNode answer = call("real/stop", "{}");
      assertThat(answer.path("success").asBoolean()).isFalse();
      assertThat(answer.at("/not_stopped/real").asText())
          .isEqualTo("real has not said within 2000 ms that it has stopped.");
    } finally {
      ioc.records().fault("", IocFault.FREEZE, false);
    }
    until("a stop that is confirmed", () -> stops("real"));
  }

  private static boolean stops(String device) {
    return api.ask("/api/devices/" + device + "/stop", ApiClient.object())
        .path("success")
        .asBoolean();
  }

  @Test
  void readsAndDescribesAndListsMethods() {
    assertThat(api.get("/api/devices/quick/describe").at("/data_keys/quick/units").asText())
        .isEqualTo("mm");
    assertThat(
            api.get("/api/devices/quick/configuration")
                .at("/configuration/quick_velocity/value")
                .isNumber())
        .isTrue();
    assertThat(api.get("/api/devices/quick/methods").path("methods").isArray()).isTrue();
    assertThat(api.get("/api/devices/quick").at("/device/units").asText()).isEqualTo("mm");
  }

  @Test
  void whatIsWrongIsNamed() throws Exception {
    assertThat(http("POST", "/api/devices/nosuch/set", "{\"value\":1}").statusCode())
        .isEqualTo(404);
    assertThat(http("GET", "/api/devices/nosuch", "").body()).contains("'nosuch'");
    assertThat(http("GET", "/api/devices/quick/calls/none", "").statusCode()).isEqualTo(404);
    assertThat(http("POST", "/api/devices/quick/set", "{}").body()).contains("'value' is missing");
    assertThat(http("POST", "/api/devices/quick/set", "{\"value\":1,\"fast\":2}").statusCode())
        .isEqualTo(400);
    assertThat(http("POST", "/api/devices/quick/limits", "{\"low\":1}").body()).contains("'high'");
    assertThat(call("quick/call", "{'method': 'dance'}").path("code").asText())
        .isEqualTo("unknown-method");
    assertThat(call("quick/trigger", "{}").path("code").asText()).isEqualTo("not-triggerable");
    assertThat(call("det/trigger", "{}").path("success").asBoolean()).isTrue();
    assertThat(call("det/set", "{'value': 1}").path("code").asText()).isEqualTo("not-movable");
  }

  @Test
  void everyCallIsRefusedWhileAScanHoldsTheDeviceButReadingIsNot() throws Exception {
    new QueueClient(api).openEnvironment();
    JsonNode item =
        ApiClient.JSON.readTree(
            "{\"item\":{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"slow\",0,100],"
                + "\"kwargs\":{\"num\":3}}}");
    String uid = api.post("/api/queue/item/execute", item).at("/item/item_uid").asText();
    until("the scan to hold it", () -> heldBy("slow").startsWith("scan "));

    JsonNode refused = call("slow/set", "{'value': 1}");
    assertThat(refused.path("code").asText()).isEqualTo("locked");
    assertThat(refused.path("msg").asText())
        .matches("slow is held by scan \\d+ \\(run [0-9a-f-]{36}\\): .*");
    assertThat(command("mv", "slow", "1")).isEqualTo(1);
    assertThat(err.toString()).contains("slow is held by scan");
    assertThat(api.get("/api/devices/slow/read").path("readings").has("slow")).isTrue();
    assertThat(api.get("/api/devices/det/read").path("readings").size()).isPositive();

    assertThat(command("stop")).as(err.toString()).isZero();

    JsonNode entry = new QueueClient(api).ended(uid, true, status -> {});
    assertThat(entry.at("/result/exit_status").asText()).isIn("failed", "stopped");
    until("the scan to let go", () -> heldBy("slow").isEmpty());
    api.post("/api/queue/clear");
  }

  @Test
  void limitsOfOursHoldForCallsAndPlans() throws Exception {
    assertThat(call("other/limits", "{'low': -1, 'high': 3, 'user': 'fli'}").path("success"))
        .hasToString("true");
    assertThat(call("other/set", "{'value': 3.5}").path("msg").asText())
        .contains("its soft limits, which fli at 127.0.0.1 has set, allow -1.0 to 3.0 mm");
    until(
        "the list of devices to show them",
        () ->
            api.get("/api/devices").toString().contains("\"limits\":{\"low\":-1.0,\"high\":3.0}"));
    JsonNode plan =
        api.ask(
            "/api/queue/item/add",
            ApiClient.JSON.readTree(
                "{\"item\":{\"item_type\":\"plan\",\"name\":\"mv\",\"args\":[\"other\",3.5]}}"));
    assertThat(plan.path("success").asBoolean()).isFalse();

    assertThat(command("limits", "other", "--clear")).as(err.toString()).isZero();

    assertThat(out.toString()).contains("-1 .. 3").contains("fli at 127.0.0.1");
    assertThat(call("other/set", "{'value': 3.5}").path("success").asBoolean()).isTrue();
    JsonNode limits = api.get("/api/devices/other/limits");
    assertThat(limits.path("soft_limits").isNull()).isTrue();
    assertThat(limits.path("changes").size()).isGreaterThanOrEqualTo(2);
    assertThat(Files.readString(folder.resolve("data/limits.json"))).contains("fli at 127.0.0.1");
  }

  @Test
  void aMotorRecordMovesWithinItsOwnLimitsAndOurs() throws Exception {
    assertThat(call("real/set", "{'value': 3}").path("success").asBoolean()).isTrue();
    assertThat(position("real")).isCloseTo(3, org.assertj.core.data.Offset.offset(0.01));
    assertThat(call("real/set", "{'value': 1000}").path("msg").asText())
        .contains("real can't go to 1000.0 mm: allowed are -100.0 to 100.0 mm");
    assertThat(call("real/limits", "{'low': -5, 'high': 5}").path("success").asBoolean()).isTrue();
    assertThat(call("real/set", "{'value': 3, 'relative': true}").path("msg").asText())
        .contains("real can't go to 6.0 mm: its soft limits");
    assertThat(call("real/set", "{'value': -4, 'relative': true}").path("result").asDouble())
        .isEqualTo(-1);
    JsonNode limits = api.get("/api/devices/real/limits");
    assertThat(limits.at("/device_limits/high").asDouble()).isEqualTo(100);
    assertThat(limits.at("/effective/high").asDouble()).isEqualTo(5);
  }

  @Test
  void aSocketShowsTheDevicesAsTheyChange() throws Exception {
    BlockingQueue<String> frames = new LinkedBlockingQueue<>();
    DocumentSocket socket =
        DocumentSocket.at(api, WatchCommand.devicesPath(List.of("quick", "other")), frames::add);
    try {
      awaitFrame(frames, "quick", Double.NaN);
      awaitFrame(frames, "other", Double.NaN);
      call("quick/set", "{'value': 4.25}");
      JsonNode frame = awaitFrame(frames, "quick", 4.25);
      assertThat(WatchCommand.line(frame)).startsWith("quick:  quick 4.250 mm,");
    } finally {
      socket.close();
    }
  }

  private static JsonNode awaitFrame(BlockingQueue<String> frames, String device, double position)
      throws Exception {
    while (true) {
      String frame = frames.poll(LONG.toSeconds(), TimeUnit.SECONDS);
      assertThat(frame).as(device + " at " + position).isNotNull();
      JsonNode update = ApiClient.JSON.readTree(frame);
      if (update.path("name").asText().equals(device)
          && (Double.isNaN(position) || DeviceCalls.position(update) == position)) {
        return update;
      }
    }
  }

  // ------------------------------------------------------------------ commands

  @Test
  void movesAndShowsWhereTheMotorsAre() {
    assertThat(command("mv", "quick", "-1.5", "other", "2")).as(err.toString()).isZero();
    assertThat(command("mvr", "quick", "0.25")).as(err.toString()).isZero();
    assertThat(command("set", "other", "1")).as(err.toString()).isZero();
    assertThat(position("quick")).isEqualTo(-1.25);
    assertThat(position("other")).isEqualTo(1);

    assertThat(command("wm", "quick")).as(err.toString()).isZero();
    assertThat(out.toString()).containsPattern("quick +\\| +-1.250 \\| +-1.250 \\| +-10 \\| +10");
    assertThat(command("wm")).isZero();
    assertThat(out.toString()).contains("slow").doesNotContain("det");
    assertThat(command("wm", "nosuch")).isEqualTo(1);
    assertThat(err.toString()).contains("There is no device 'nosuch'");
    assertThat(command("call", "quick", "dance")).isEqualTo(1);
    assertThat(err.toString()).contains("quick has no method 'dance'");
    assertThat(command("watch", "nosuch")).isEqualTo(1);
  }

  @Test
  void tweaksByKeys() {
    command("mv", "quick", "0");
    try (Tweak tweak = new Tweak(api, "quick", 0.1, new PrintWriter(out))) {
      for (String key : List.of("right", "up", "right", "0", ".", "5", "\r", "left")) {
        assertThat(tweak.key(key)).isTrue();
        tweak.awaitMove();
      }
      assertThat(position("quick")).isCloseTo(-0.2, org.assertj.core.data.Offset.offset(1e-9));
      assertThat(tweak.key("q")).isFalse();
    }
    assertThat(out.toString()).contains("step 0.2").contains("step 0.5");
  }

  @Test
  void aTweakIsStoppedByItsKey() {
    try (Tweak tweak = new Tweak(api, "slow", 5, new PrintWriter(out))) {
      tweak.key("right");
      until("the move to begin", () -> !heldBy("slow").isEmpty());
      tweak.key("s");
      tweak.awaitMove();
    }
    assertThat(out.toString()).contains("slow has been stopped");
  }
}

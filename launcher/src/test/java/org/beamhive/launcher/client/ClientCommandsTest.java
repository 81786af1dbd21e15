package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ClientCommandsTest {
  private static final String OK = "{\"success\":true,\"msg\":\"\"}";
  private static final String IDLE =
      "{\"msg\":\"Beamhive v1\",\"manager_state\":\"idle\",\"worker_environment_exists\":true,"
          + "\"running_item_uid\":null,\"plan_history_uid\":\"h\"}";

  @TempDir Path folder;

  private HttpServer server;
  private final Map<String, List<String>> answers = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private volatile int status = 200;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /** Answers with the next of a path's answers; the last one stays. */
  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String key = exchange.getRequestHeaders().getFirst("Authorization");
    asked.add((path + " " + body + (key == null ? "" : " " + key)).strip());
    List<String> left = answers.getOrDefault(path, List.of(OK));
    byte[] text = left.get(0).getBytes(StandardCharsets.UTF_8);
    if (left.size() > 1) {
      answers.put(path, left.subList(1, left.size()));
    }
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
    exchange.close();
  }

  private int run(String... words) {
    return runAt("http://127.0.0.1:" + server.getAddress().getPort(), words);
  }

  private int runAt(String url, String... words) {
    CommandLine root = new CommandLine(CommandLine.Model.CommandSpec.create());
    ClientCommands.all().forEach(root::addSubcommand);
    root.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--url", url, "--data-dir", folder.toString()));
    return root.execute(all.toArray(String[]::new));
  }

  private JsonNode bodyOf(String path) throws IOException {
    for (String call : asked) {
      if (call.startsWith(path + " {")) {
        return ApiClient.JSON.readTree(call.substring(path.length()));
      }
    }
    throw new AssertionError("not asked for " + path + ": " + asked);
  }

  private static String added() {
    return "{\"success\":true,\"msg\":\"\",\"qsize\":1,\"item\":{\"name\":\"scan\","
        + "\"item_uid\":\"u1\"}}";
  }

  private static String history(String exitStatus) {
    return "{\"success\":true,\"msg\":\"\",\"items\":[{\"name\":\"scan\",\"item_uid\":\"u1\","
        + "\"result\":{\"exit_status\":\""
        + exitStatus
        + "\",\"run_uids\":[\"r1\"],\"scan_ids\":[7],\"time_start\":1.0,\"time_stop\":3.5,"
        + "\"msg\":\"\"}}],\"plan_history_uid\":\"h2\"}";
  }

  @Test
  void submitsWithNegativeNumbersAndOptionsAnywhere() throws IOException {
    answers.put("/api/queue/item/add", List.of(added()));
    answers.put("/api/status", List.of(IDLE));
    assertThat(run("submit", "scan", "det", "samx", "-5", "5", "--front", "num=3", "--md", "a=1"))
        .as(err.toString())
        .isZero();

    JsonNode body = bodyOf("/api/queue/item/add");
    assertThat(body.at("/item/args").toString()).isEqualTo("[\"det\",\"samx\",-5,5]");
    assertThat(body.at("/item/kwargs").toString()).isEqualTo("{\"num\":3}");
    assertThat(body.at("/item/meta").toString()).isEqualTo("{\"a\":1}");
    assertThat(body.get("pos").asText()).isEqualTo("front");
    assertThat(asked).anyMatch(call -> call.startsWith("/api/queue/start"));
    assertThat(out.toString()).contains("u1");
  }

  @Test
  void opensAClosedEnvironmentBeforeItStarts() {
    String closed =
        "{\"manager_state\":\"idle\",\"worker_environment_exists\":false,"
            + "\"running_item_uid\":null}";
    answers.put("/api/queue/item/add", List.of(added()));
    answers.put("/api/status", List.of(closed, closed, IDLE));
    assertThat(run("submit", "count", "det")).as(err.toString()).isZero();

    List<String> posts =
        asked.stream().filter(call -> call.contains("{")).map(c -> c.split(" ")[0]).toList();
    assertThat(posts)
        .containsExactly("/api/queue/item/add", "/api/environment/open", "/api/queue/start");
  }

  @Test
  void startsNothingIfToldSo() {
    answers.put("/api/queue/item/add", List.of(added()));
    assertThat(run("submit", "--no-start", "count", "det")).isZero();
    assertThat(asked).noneMatch(call -> call.startsWith("/api/queue/start"));
  }

  @Test
  void waitsForTheEndAndFailsWithThePlan() {
    answers.put("/api/queue/item/add", List.of(added()));
    answers.put("/api/status", List.of(IDLE));
    answers.put("/api/history/get", List.of(history("failed")));
    assertThat(run("submit", "count", "det", "--wait", "--json")).isEqualTo(1);
    assertThat(out.toString()).contains("\"exit_status\":\"failed\"");
  }

  @Test
  void submitsAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("item.json"), "{\"name\":\"count\"}");
    answers.put("/api/queue/item/add", List.of(added()));
    answers.put("/api/status", List.of(IDLE));
    assertThat(run("submit", "--file", file.toString())).isZero();
    assertThat(bodyOf("/api/queue/item/add").get("item").toString())
        .isEqualTo("{\"name\":\"count\",\"item_type\":\"plan\"}");
  }

  @Test
  void stopsARunningPlanByPausingItFirst() {
    String running =
        "{\"manager_state\":\"executing_queue\",\"running_item_uid\":\"u1\","
            + "\"plan_history_uid\":\"h\"}";
    String paused = running.replace("executing_queue", "paused");
    answers.put("/api/status", List.of(running, running, paused, paused, IDLE));
    answers.put("/api/history/get", List.of(history("stopped")));
    assertThat(run("stop")).as(err.toString()).isZero();

    assertThat(asked).contains("/api/re/pause {\"option\":\"immediate\"}", "/api/re/stop {}");
    assertThat(out.toString()).contains("scan: stopped after 2.5 s, scan 7, run r1");
  }

  @Test
  void saysThatNothingIsRunning() {
    answers.put("/api/status", List.of(IDLE));
    assertThat(run("abort")).isEqualTo(1);
    assertThat(err.toString().strip()).isEqualTo("Nothing is running.");
  }

  @Test
  void movesAndReadsBack() throws IOException {
    answers.put(
        "/api/devices/samx/read",
        List.of(
            "{\"success\":true,\"msg\":\"\",\"readings\":{\"samx\":{\"value\":-1.5,"
                + "\"timestamp\":1.0,\"severity\":\"NO_ALARM\",\"units\":\"mm\","
                + "\"precision\":3}}}"));
    assertThat(run("mv", "samx", "-1.5")).as(err.toString()).isZero();
    assertThat(bodyOf("/api/devices/samx/set").path("value").asDouble()).isEqualTo(-1.5);
    assertThat(asked).noneMatch(call -> call.startsWith("/api/queue"));
    assertThat(out.toString()).contains("-1.500").contains("mm");
  }

  @Test
  void saysWhyEachMotorDidNotArrive() {
    answers.put(
        "/api/devices/samx/set",
        List.of("  {\"success\":false,\"msg\":\"samx is held by scan 12 (run r1).\"}"));
    answers.put(
        "/api/devices/samy/set",
        List.of("{\"success\":false,\"msg\":\"samy ran into its limit switch.\"}"));
    assertThat(run("mvr", "samx", "1", "samy", "2")).isEqualTo(1);
    assertThat(err.toString().strip())
        .isEqualTo("samx is held by scan 12 (run r1).\nsamy ran into its limit switch.");
    assertThat(run("mv", "samx", "up")).isEqualTo(2);
    assertThat(err.toString()).contains("'up' is no position for samx");
  }

  @Test
  void stopsTheDevicesFirstAndTellsWhichNodesAreSilent() {
    answers.put(
        "/api/devices/stop",
        List.of(
            "{\"success\":false,\"msg\":\"No answer from b:1: what is there may still move.\","
                + "\"devices\":[\"samx\"],\"silent_nodes\":[\"b:1\"]}"));
    answers.put("/api/status", List.of(IDLE));
    assertThat(run("stop")).isEqualTo(1);
    assertThat(asked.get(0)).startsWith("/api/devices/stop");
    assertThat(out.toString()).contains("Told 1 device to stop.");
    assertThat(err.toString()).contains("No answer from b:1");
    assertThat(run("stop", "--plan", "--devices")).isEqualTo(2);
  }

  @Test
  void showsTables() {
    answers.put("/api/status", List.of(IDLE));
    answers.put("/api/history/get", List.of(history("completed")));
    answers.put(
        "/api/devices",
        List.of(
            "{\"success\":true,\"devices\":[{\"name\":\"samx\",\"state\":\"ready\","
                + "\"limits\":{\"low\":-1.5,\"high\":2},\"tags\":[\"sample\"]},"
                + "{\"name\":\"old\",\"state\":\"disabled\"}]}"));
    assertThat(run("status")).isZero();
    assertThat(run("history")).isZero();
    assertThat(run("devices", "--tag", "sample")).isZero();
    assertThat(run("queue")).isZero();
    assertThat(out.toString())
        .contains("Beamhive v1")
        .contains("completed")
        .contains("-1.5 .. 2")
        .doesNotContain("old")
        .contains("The queue is empty.");
  }

  @Test
  void sendsTheKeyOfTheDataFolder() throws IOException {
    Files.writeString(folder.resolve("api-key"), "filekey\n");
    answers.put("/api/status", List.of(IDLE));
    run("status", "--json");
    run("status", "--api-key", "mine");
    assertThat(asked).containsExactly("/api/status  ApiKey filekey", "/api/status  ApiKey mine");
    assertThat(out.toString()).startsWith(IDLE);
  }

  @Test
  void endsWithOneSentenceWhenRefusedOrUnreachable() {
    answers.put("/api/re/resume", List.of("{\"success\":false,\"msg\":\"It is not paused.\"}"));
    assertThat(run("resume")).isEqualTo(1);
    assertThat(err.toString().strip()).isEqualTo("Refused: It is not paused.");

    status = 401;
    assertThat(run("status")).isEqualTo(1);
    assertThat(err.toString()).contains("wants an API key");

    assertThat(runAt("http://127.0.0.1:1", "status")).isEqualTo(1);
    assertThat(err.toString()).contains("No Beamhive answers at http://127.0.0.1:1");
    assertThat(runAt("nonsense", "status")).isEqualTo(1);
    assertThat(runAt("http://127.0.0.1:1", "mv", "samx", "1", "samy", "1", "samz", "1"))
        .isEqualTo(1);
    assertThat(err.toString().lines().filter(line -> line.contains("127.0.0.1:1")))
        .as("once by status, once by mv")
        .hasSize(2);
  }

  @Test
  void refusesWrongUsage() {
    assertThat(run("submit", "count", "det", "--wiat")).isEqualTo(2);
    assertThat(run("submit")).isEqualTo(2);
    assertThat(run("mv", "samx")).isEqualTo(2);
    assertThat(run("mv", "samx", "1", "samy")).isEqualTo(2);
    assertThat(run("status", "--nosuch")).isEqualTo(2);
    assertThat(asked).isEmpty();
  }

  @Test
  void helpsWithExamples() {
    for (CommandLine command : ClientCommands.all()) {
      assertThat(command.getUsageMessage()).contains("Examples:").contains("--url");
    }
  }

  private static final String CHANGED =
      "{\"success\":true,\"msg\":\"\",\"change\":{\"version\":7,\"time\":1.0,\"kind\":\"updated\","
          + "\"count\":1,\"undoes\":0,\"undone\":false,\"user\":\"ana at 10.0.0.6\",\"devices\":[{\"name\":\"samx\",\"hutch\":\"eh1\","
          + "\"before\":{\"enabled\":true},\"after\":{\"enabled\":false}}]}}";

  @Test
  void changesTheConfigurationOfDevices() throws IOException {
    answers.put("/api/devices/config/update", List.of(CHANGED));
    answers.put("/api/devices/config/disable", List.of(CHANGED));
    answers.put("/api/devices/config/add", List.of(CHANGED));
    answers.put(
        "/api/devices/config/history",
        List.of("{\"success\":true,\"msg\":\"\",\"changes\":[" + changeOf(CHANGED) + "]}"));

    assertThat(
            run(
                "devices",
                "update",
                "samx",
                "enabled=false",
                "deviceConfig.limits=-5,5",
                "deviceTags=sample",
                "description=sample, across"))
        .as(err.toString())
        .isZero();
    assertThat(bodyOf("/api/devices/config/update").path("config").toString())
        .isEqualTo(
            "{\"enabled\":false,\"deviceConfig\":{\"limits\":[-5,5]},\"deviceTags\":[\"sample\"],"
                + "\"description\":\"sample, across\"}");
    assertThat(out.toString()).contains("Change 7, updated", "samx.enabled: true -> false");

    assertThat(run("devices", "disable", "samx", "samy")).isZero();
    assertThat(bodyOf("/api/devices/config/disable").path("names").toString())
        .isEqualTo("[\"samx\",\"samy\"]");
    assertThat(run("devices", "add", "samz", "SimMotor", "--hutch", "eh1")).isZero();
    assertThat(bodyOf("/api/devices/config/add").at("/config/enabled").asBoolean()).isTrue();
    assertThat(bodyOf("/api/devices/config/add").path("user").asText())
        .isEqualTo(System.getProperty("user.name"));
    assertThat(run("devices", "history")).isZero();
    assertThat(out.toString()).contains("ana at 10.0.0.6", "samx.enabled: true -> false");
    assertThat(run("devices", "update", "samx", "enabled")).isEqualTo(2);
    assertThat(err.toString()).contains("KEY=VALUE");
  }

  private static String changeOf(String answer) throws IOException {
    return ApiClient.JSON.readTree(answer).path("change").toString();
  }

  @Test
  void writesTheConfigurationAsADeviceFile() {
    answers.put(
        "/api/devices/config",
        List.of(
            "{\"success\":true,\"msg\":\"\",\"version\":3,\"hutches\":[{\"hutch\":\"eh1\","
                + "\"differences\":[\"eh1.yaml differs\"]}],\"devices\":{\"samx\":{\"hutch\":\"eh1\","
                + "\"config\":{\"deviceClass\":\"SimMotor\",\"enabled\":true,\"description\":\"on\"}},"
                + "\"samy\":{\"hutch\":\"eh2\",\"config\":{}}}}"));

    assertThat(run("devices", "config", "--hutch", "eh1")).as(err.toString()).isZero();
    assertThat(out.toString().replace("\r", ""))
        .isEqualTo("samx:\n  deviceClass: SimMotor\n  enabled: true\n  description: \"on\"\n");
    assertThat(err.toString()).contains("# eh1.yaml differs");
    assertThat(run("devices", "config", "samz")).isEqualTo(1);
  }
}

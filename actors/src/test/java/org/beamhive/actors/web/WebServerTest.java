package org.beamhive.actors.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import akka.Done;
import akka.NotUsed;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.ServerBinding;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.ControlRun;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Items;
import org.beamhive.protocol.queue.ScanQueueProtocol.MoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.NotAllAdded;
import org.beamhive.protocol.queue.ScanQueueProtocol.QueueView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Refused;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunsView;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetMode;
import org.beamhive.protocol.queue.ScanQueueProtocol.StartQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.SubscribeStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final String KEY = "secret";
  private static final ItemUid UID = new ItemUid("ce7c89f6-949e-435d-8bbb-b39d40fa892a");
  private static final RunUid RUN = new RunUid("4ac7790b-62b2-4b49-84e2-2fab355957db");

  private static ActorTestKit kit;
  private static ServerBinding binding;
  private static volatile Consumer<ScanQueueProtocol.Request> script = request -> {};
  private static volatile Map<String, String> problems = Map.of();
  private static final BlockingQueue<ScanQueueProtocol.Request> ASKED = new LinkedBlockingQueue<>();

  @BeforeAll
  static void start() throws Exception {
    kit = ActorTestKit.create();
    binding =
        WebServer.start(
                kit.system(),
                settings("127.0.0.1", 0, Optional.of(KEY)),
                backends(),
                Optional.empty())
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void forget() {
    ASKED.clear();
    script = request -> {};
    problems = Map.of();
  }

  private static WebSettings settings(String host, int port, Optional<String> key) {
    return settings(host, port, key, Duration.ofSeconds(20));
  }

  private static WebSettings settings(
      String host, int port, Optional<String> key, Duration askTimeout) {
    return new WebSettings(
        host,
        port,
        key,
        false,
        1 << 20,
        askTimeout,
        Duration.ofMillis(100),
        Duration.ofMillis(100),
        Duration.ofSeconds(1),
        "1.2.3");
  }

  private static WebBackends backends() {
    ActorRef<ScanQueueProtocol.Request> queue =
        kit.spawn(
            Behaviors.receiveMessage(
                request -> {
                  ASKED.add(request);
                  script.accept(request);
                  return Behaviors.same();
                }));
    return new WebBackends(
        queue,
        new FakeDevices(),
        List.of(countPlan()),
        WebServerTest::live,
        new FakeNode(),
        kit.spawn(Behaviors.receiveMessage(WebServerTest::registry)));
  }

  private static Behavior<DeviceRegistryProtocol.Request> registry(
      DeviceRegistryProtocol.Request request) {
    HutchName hutch = new HutchName("oh");
    DeviceName samx = new DeviceName("samx");
    Value.Fields settings = Value.Fields.EMPTY.with("deviceClass", Value.of("SimMotor"));
    CHANGES.add(request);
    if (request instanceof DeviceRegistryProtocol.GetConfig get) {
      get.replyTo()
          .tell(
              new DeviceRegistryProtocol.ConfigView(
                  4,
                  List.of(
                      new DeviceRegistryProtocol.HutchView(
                          hutch,
                          new DeviceRegistryProtocol.FileMark("oh.yaml", "d", 1.5),
                          true,
                          List.of("127.0.0.1:1"),
                          List.of("differs"))),
                  List.of(new DeviceRegistryProtocol.DeviceEntry(samx, hutch, settings))));
    } else if (request instanceof DeviceRegistryProtocol.UpdateDevices update) {
      update
          .replyTo()
          .tell(
              new DeviceRegistryProtocol.ChangeMade(
                  new DeviceRegistryProtocol.Change(
                      5,
                      2.5,
                      "updated",
                      1,
                      List.of(new DeviceRegistryProtocol.DeviceChange(samx, hutch, settings, null)),
                      0,
                      false,
                      update.who())));
    } else if (request instanceof DeviceRegistryProtocol.RemoveDevices remove) {
      remove
          .replyTo()
          .tell(new DeviceRegistryProtocol.ChangeRefused(Refusal.of("in-use", "samx is used")));
    }
    return Behaviors.same();
  }

  private static final BlockingQueue<DeviceRegistryProtocol.Request> CHANGES =
      new LinkedBlockingQueue<>();

  @Test
  void showsAndChangesTheConfigurationOfDevices() throws Exception {
    JsonNode config = JSON.readTree(get("/api/devices/config?name=samx", ""));
    assertThat(config.at("/devices/samx/config/deviceClass").asText()).isEqualTo("SimMotor");
    assertThat(config.at("/hutches/0/changed_since").asBoolean()).isTrue();
    assertThat(call("GET", "/api/devices/config?name=samy", "").statusCode()).isEqualTo(404);

    CHANGES.clear();
    JsonNode made =
        JSON.readTree(
            post("/api/devices/config/disable", "{\"names\":[\"samx\"],\"user\":\" fli \"}"));
    assertThat(made.at("/change/version").asLong()).isEqualTo(5);
    assertThat(made.at("/change/user").asText()).isEqualTo("fli at 127.0.0.1");
    assertThat(made.at("/change/devices/0/after").isNull()).isTrue();
    assertThat(((DeviceRegistryProtocol.UpdateDevices) CHANGES.take()).settings())
        .isEqualTo(Value.Fields.EMPTY.with("enabled", Value.of(false)));

    JsonNode refused = JSON.readTree(post("/api/devices/config/remove", "{\"name\":\"samx\"}"));
    assertThat(refused.path("success").asBoolean()).isFalse();
    assertThat(refused.path("code").asText()).isEqualTo("in-use");
    assertThat(CHANGES.take())
        .isInstanceOfSatisfying(
            DeviceRegistryProtocol.RemoveDevices.class,
            remove -> assertThat(remove.who()).isEqualTo("somebody at 127.0.0.1"));
    assertThat(call("POST", "/api/devices/config/remove", "{}").statusCode()).isEqualTo(400);
    assertThat(call("POST", "/api/devices/config/update", "{\"name\":\"samx\"}").statusCode())
        .isEqualTo(400);
  }

  private static final class FakeNode implements NodeState {
    @Override
    public CompletionStage<Done> answers() {
      return problems.containsKey("dispatcher")
          ? CompletableFuture.failedFuture(
              new IllegalStateException("the actor system does not answer"))
          : CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public CompletionStage<Readiness> readiness() {
      return CompletableFuture.completedFuture(
          new Readiness(problems, Map.of("devices", "not connected: samx")));
    }

    @Override
    public String metrics() {
      return "beamhive_queue_items 3.0\n";
    }
  }

  private static Source<Document, NotUsed> live(Optional<RunUid> run) {
    List<Document> documents = new ArrayList<>();
    RunUid uid = run.orElse(new RunUid("now"));
    documents.add(
        new RunStart(uid, 1.5, 7, Value.Fields.EMPTY.with("plan_name", Value.of("count"))));
    documents.add(new RunStop("stop-uid", uid, 2.5, "success", "", Map.of("primary", 1L)));
    return Source.from(documents);
  }

  private static final BlockingQueue<String> STOPPED = new LinkedBlockingQueue<>();

  private static final class FakeDevices implements WebBackends.DeviceAccess {
    @Override
    public CompletionStage<Devices> devices() {
      DeviceView samx =
          new DeviceView(
              new DeviceName("samx"),
              new HutchName("oh"),
              "127.0.0.1:25520",
              "SimMotor",
              "sample x",
              DeviceView.State.READY,
              "",
              Set.of(DeviceView.Ability.MOVABLE, DeviceView.Ability.READABLE),
              ReadoutPriority.BASELINE,
              false,
              new Limits(-10, 10),
              "mm",
              3,
              List.of("samx"),
              Set.of("sample"),
              false,
              List.of(),
              Value.Fields.EMPTY);
      return CompletableFuture.completedFuture(new Devices(3, List.of(samx)));
    }

    @Override
    public RecipientRef<DeviceProtocol.Request> ref(DeviceView device) {
      return kit.system().deadLetters();
    }

    @Override
    public CompletionStage<WebBackends.Stopped> stop(Optional<DeviceName> only, String who) {
      String name = only.map(DeviceName::value).orElse("samx");
      STOPPED.add(name + " by " + who);
      return CompletableFuture.completedFuture(
          new WebBackends.Stopped(
              name.equals("samx") ? List.of(name) : List.of(),
              only.isPresent() ? List.of() : List.of("samx"),
              only.isPresent()
                  ? new TreeMap<>()
                  : new TreeMap<>(Map.of("samy", "The brake of samy is broken.")),
              only.isPresent() ? List.of() : List.of("127.0.0.1:25521"),
              who.startsWith("hermit") ? 0 : 2));
    }

    @Override
    public CompletionStage<DeviceProtocol.ReadReply> read(DeviceName device) {
      DataKey key =
          new DataKey("number", List.of(), "SIM:samx", "mm", 3, "<f8", "samx", null, -10.0, 10.0);
      return CompletableFuture.completedFuture(
          new DeviceProtocol.ReadDone(
              new DeviceDescription(
                  device, "SimMotor", Map.of("samx", key), List.of("samx"), List.of(), Map.of()),
              List.of(new Reading("samx", Value.of(1.25), 100.5, AlarmSeverity.NO_ALARM))));
    }
  }

  private static PlanDescription countPlan() {
    return new PlanDescription(
        "count",
        "Take one or more readings from detectors.",
        List.of(
            new PlanDescription.Parameter(
                "detectors",
                PlanDescription.Kind.POSITIONAL_OR_KEYWORD,
                "collections.abc.Sequence[__READABLE__]",
                true,
                null,
                "detectors to read",
                null,
                null),
            new PlanDescription.Parameter(
                "num",
                PlanDescription.Kind.POSITIONAL_OR_KEYWORD,
                "typing.Optional[int]",
                false,
                "1",
                "number of readings",
                1.0,
                null)));
  }

  private static QueueStatus status(boolean environment) {
    return new QueueStatus(
        2,
        9,
        environment ? UID : null,
        environment ? RUN : null,
        environment ? "executing_queue" : "idle",
        false,
        false,
        environment,
        environment ? "executing_plan" : "closed",
        environment ? "running" : null,
        false,
        "",
        false,
        true,
        "status-uid",
        "runs-uid",
        "queue-uid",
        "history-uid");
  }

  private static QueueItem count(String uid) {
    try {
      Value value =
          JSON.readValue(
              "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det1\"]],"
                  + "\"kwargs\":{\"num\":1},\"user\":\"UNAUTHENTICATED_SINGLE_USER\","
                  + "\"user_group\":\"primary\"}",
              Value.class);
      return new QueueItem(new ItemUid(uid), (Value.Fields) value);
    } catch (java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String itemJson(String uid) {
    return "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det1\"]],\"kwargs\":{\"num\":1},"
        + "\"user\":\"UNAUTHENTICATED_SINGLE_USER\",\"user_group\":\"primary\",\"item_uid\":\""
        + uid
        + "\"}";
  }

  private static URI uri(String path) {
    return uri(binding, path);
  }

  private static URI uri(ServerBinding server, String path) {
    return URI.create("http://127.0.0.1:" + server.localAddress().getPort() + path);
  }

  private static HttpResponse<String> call(String method, String path, String body)
      throws Exception {
    return call(method, path, body, "ApiKey " + KEY);
  }

  private static HttpResponse<String> call(String method, String path, String body, String key)
      throws Exception {
    return call(binding, method, path, body, key);
  }

  private static HttpResponse<String> call(
      ServerBinding server, String method, String path, String body, String key) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(server, path))
            .timeout(Duration.ofSeconds(30))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json");
    if (key != null) {
      request.header("Authorization", key);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String post(String path, String body) throws Exception {
    HttpResponse<String> response = call("POST", path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private static String get(String path, String body) throws Exception {
    HttpResponse<String> response = call("GET", path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private static String refusal(HttpResponse<String> response) throws Exception {
    JsonNode answer = JSON.readTree(response.body());
    assertThat(answer.size()).isEqualTo(1);
    return answer.get("detail").asText();
  }

  // ------------------------------------------------------------------ items

  @Test
  void addsAnItemWithUserBeforeItsUidAndKeepsWholeNumbersWhole() throws Exception {
    script =
        request -> {
          AddItems add = (AddItems) request;
          add.replyTo().tell(new Items(1, List.of(new QueueItem(UID, add.items().get(0)))));
        };
    String answer =
        post(
            "/api/queue/item/add",
            "{\"item\":{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det1\"]],"
                + "\"kwargs\":{\"num\":1},\"item_uid\":\"mine\"},\"pos\":\"front\"}");

    assertThat(answer)
        .isEqualTo(
            "{\"success\":true,\"msg\":\"\",\"qsize\":1,\"item\":" + itemJson("" + UID) + "}");
    AddItems asked = (AddItems) ASKED.take();
    assertThat(asked.place()).isEqualTo(ScanQueueProtocol.At.FRONT);
    assertThat(((Value.Fields) asked.items().get(0).get("kwargs")).get("num"))
        .isEqualTo(new Value.Int(1));
  }

  @Test
  void refusesAnItemInTheWordsOfTheQueueServer() throws Exception {
    script =
        request ->
            ((AddItems) request)
                .replyTo()
                .tell(
                    new Refused(
                        Refusal.of(
                            "unexpected-argument", "got an unexpected keyword argument 'nosuch'")));
    String item =
        "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det1\"]],\"kwargs\":{\"nosuch\":3}}";
    JsonNode answer = JSON.readTree(post("/api/queue/item/add", "{\"item\":" + item + "}"));

    assertThat(answer.get("success").asBoolean()).isFalse();
    assertThat(answer.get("msg").asText())
        .isEqualTo(
            "Failed to add an item: Plan validation failed: got an unexpected keyword argument"
                + " 'nosuch'\nPlan: {'item_type': 'plan',\n 'name': 'count',\n"
                + " 'args': [['det1']],\n 'kwargs': {'nosuch': 3}}");
    assertThat(answer.get("qsize").isNull()).isTrue();
    assertThat(answer.get("item").toString()).isEqualTo(item);
  }

  @Test
  void refusesABatchAsAWhole() throws Exception {
    script =
        request ->
            ((AddItems) request)
                .replyTo()
                .tell(
                    new NotAllAdded(List.of("", "Plan 'x' is not in the list of allowed plans.")));
    JsonNode answer =
        JSON.readTree(
            post(
                "/api/queue/item/add/batch",
                "{\"items\":[{\"item_type\":\"plan\",\"name\":\"count\"},"
                    + "{\"item_type\":\"plan\",\"name\":\"x\"}]}"));

    assertThat(answer.get("success").asBoolean()).isFalse();
    assertThat(answer.get("msg").asText())
        .isEqualTo("Failed to add all items: validation of 1 out of 2 submitted items failed");
    assertThat(answer.get("results").get(0).toString())
        .isEqualTo("{\"success\":true,\"msg\":\"\"}");
    assertThat(answer.get("results").get(1).get("msg").asText())
        .startsWith(
            "Plan validation failed: Plan 'x' is not in the list of allowed plans.\nPlan: {");
  }

  @Test
  void readsTheParametersOfAGetFromItsBodyOrItsQuery() throws Exception {
    script = request -> ((GetItem) request).replyTo().tell(new Items(1, List.of(count("u"))));
    String expected = "{\"success\":true,\"msg\":\"\",\"item\":" + itemJson("u") + "}";

    assertThat(get("/api/queue/item/get", "{\"pos\":\"back\"}")).isEqualTo(expected);
    assertThat(get("/api/queue/item/get?uid=u", "")).isEqualTo(expected);
    assertThat(get("/api/queue/item/get?pos=0", "{}")).isEqualTo(expected);

    assertThat(((GetItem) ASKED.take()).which()).isEqualTo(new ScanQueueProtocol.ByIndex(-1));
    assertThat(((GetItem) ASKED.take()).which())
        .isEqualTo(new ScanQueueProtocol.ByUid(new ItemUid("u")));
    assertThat(((GetItem) ASKED.take()).which()).isEqualTo(new ScanQueueProtocol.ByIndex(0));
  }

  @Test
  void movesABatchBeforeAnItem() throws Exception {
    script = request -> ((MoveItems) request).replyTo().tell(new Items(6, List.of(count("a"))));
    assertThat(post("/api/queue/item/move/batch", "{\"uids\":[\"a\"],\"before_uid\":\"b\"}"))
        .isEqualTo("{\"success\":true,\"msg\":\"\",\"qsize\":6,\"items\":[" + itemJson("a") + "]}");
    assertThat(((MoveItems) ASKED.take()).place())
        .isEqualTo(new ScanQueueProtocol.Before(new ItemUid("b")));
  }

  @Test
  void showsTheQueueWithTheRunningItemsPropertiesAtItsEnd() throws Exception {
    script =
        request ->
            ((GetQueue) request)
                .replyTo()
                .tell(
                    new QueueView(
                        List.of(),
                        new QueueItem(
                            UID,
                            new Value.Fields(Map.of("properties", Value.Fields.EMPTY))
                                .with("name", Value.of("count"))),
                        "quid"));
    assertThat(get("/api/queue/get", "{}"))
        .isEqualTo(
            "{\"success\":true,\"msg\":\"\",\"items\":[],\"running_item\":{\"name\":\"count\","
                + "\"item_uid\":\""
                + UID
                + "\",\"properties\":{}},\"plan_queue_uid\":\"quid\"}");
  }

  // ------------------------------------------------------------------ queue, history, control

  @Test
  void passesOnARefusalOfTheQueueAsSuccessFalse() throws Exception {
    script =
        request ->
            ((StartQueue) request)
                .replyTo()
                .tell(
                    new Refused(
                        Refusal.of("no-environment", "RE Worker environment does not exist.")));
    assertThat(post("/api/queue/start", "{}"))
        .isEqualTo("{\"success\":false,\"msg\":\"RE Worker environment does not exist.\"}");
  }

  @Test
  void setsModeAndPauses() throws Exception {
    script =
        request -> {
          if (request instanceof SetMode mode) {
            mode.replyTo().tell(ScanQueueProtocol.Accepted.ACCEPTED);
          } else if (request instanceof ControlRun control) {
            control.replyTo().tell(ScanQueueProtocol.Accepted.ACCEPTED);
          }
        };
    assertThat(post("/api/queue/mode/set", "{\"mode\":{\"loop\":true}}"))
        .isEqualTo("{\"success\":true,\"msg\":\"\"}");
    post("/api/queue/mode/set", "{\"mode\":\"default\"}");
    post("/api/re/pause", "");
    post("/api/re/pause?option=immediate", "");

    SetMode first = (SetMode) ASKED.take();
    assertThat(first.loop()).isTrue();
    assertThat(first.ignoreFailures()).isNull();
    assertThat(((SetMode) ASKED.take()).ignoreFailures()).isFalse();
    assertThat(((ControlRun) ASKED.take()).control())
        .isEqualTo(ScanQueueProtocol.RunControl.PAUSE_DEFERRED);
    assertThat(((ControlRun) ASKED.take()).control())
        .isEqualTo(ScanQueueProtocol.RunControl.PAUSE_IMMEDIATE);
  }

  private static void tellHistoryAndRuns(ScanQueueProtocol.Request request) {
    if (request instanceof GetHistory get) {
      ItemResult result = new ItemResult("completed", List.of(RUN), List.of(1L), 1.5, 2.5, "");
      get.replyTo()
          .tell(
              new HistoryView(
                  List.of(new EndedItem(count("u"), result, List.of("/data/S1.h5"))), "huid"));
    } else if (request instanceof GetRuns runs) {
      runs.replyTo().tell(new RunsView(List.of(), "runs-uid"));
    } else if (request instanceof GetStatus get) {
      get.replyTo().tell(status(true));
    }
  }

  @Test
  void refusesHalfACharacter() throws Exception {
    HttpResponse<String> answer =
        call(
            "POST",
            "/api/queue/item/add",
            "{\"item\":{\"name\":\"count\",\"meta\":{\"a\":\"\\ud800\"}}}");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("surrogate");
  }

  @Test
  void stopsDevicesWithoutAskingTheQueue() throws Exception {
    assertThat(post("/api/devices/samx/stop", "{}"))
        .isEqualTo(
            "{\"success\":true,\"msg\":\"\",\"devices\":[\"samx\"],\"not_connected\":[],\"not_stopped\":{},\"silent_nodes\":[]}");
    assertThat(STOPPED.poll(30, TimeUnit.SECONDS)).isEqualTo("samx by somebody at 127.0.0.1");
    assertThat(post("/api/devices/stop", "{\"user\":\"fli\"}"))
        .contains("\"success\":false")
        .contains("No answer from 127.0.0.1:25521: what is there may still move.")
        .contains("Not connected, so may still move: samx. Use their own controls.")
        .contains("\"not_connected\":[\"samx\"]")
        .contains("Told, but may still move: The brake of samy is broken. Use their own controls.")
        .contains("\"not_stopped\":{\"samy\":\"The brake of samy is broken.\"}")
        .contains("samx");
    assertThat(STOPPED.poll(30, TimeUnit.SECONDS)).isEqualTo("samx by fli at 127.0.0.1");
    assertThat(post("/api/devices/stop", "{\"user\":\"hermit\"}"))
        .contains("\"success\":false")
        .contains("No node with devices is known: nothing was told to stop.");
    HttpResponse<String> unknown = call("POST", "/api/devices/nosuch/stop", "{}");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("There is no device 'nosuch'.");
  }

  @Test
  void showsTheHistory() throws Exception {
    script = WebServerTest::tellHistoryAndRuns;
    String item = itemJson("u");
    assertThat(get("/api/history/get", "{}"))
        .isEqualTo(
            "{\"success\":true,\"msg\":\"\",\"items\":["
                + item.substring(0, item.length() - 1)
                + ",\"result\":{\"exit_status\":\"completed\",\"run_uids\":[\""
                + RUN
                + "\"],\"scan_ids\":[1],\"time_start\":1.5,\"time_stop\":2.5,\"msg\":\"\","
                + "\"traceback\":\"\"}}],\"plan_history_uid\":\"huid\"}");
  }

  @Test
  void findsARunWithItsFiles() throws Exception {
    script = WebServerTest::tellHistoryAndRuns;
    JsonNode run = JSON.readTree(get("/api/runs/" + RUN, "")).get("run");
    assertThat(run.get("scan_id").asInt()).isEqualTo(1);
    assertThat(run.get("exit_status").asText()).isEqualTo("completed");
    assertThat(run.get("files").toString()).isEqualTo("[\"/data/S1.h5\"]");

    HttpResponse<String> unknown = call("GET", "/api/runs/nosuch", "");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(refusal(unknown)).contains("'nosuch'");
  }

  // ------------------------------------------------------------------ status and lists

  private static final List<String> STATUS_FIELDS =
      List.of(
          "msg",
          "time",
          "items_in_queue",
          "items_in_history",
          "running_item_uid",
          "manager_state",
          "queue_stop_pending",
          "queue_autostart_enabled",
          "worker_environment_exists",
          "worker_environment_state",
          "worker_background_tasks",
          "re_state",
          "ip_kernel_state",
          "ip_kernel_captured",
          "pause_pending",
          "status_uid",
          "run_list_uid",
          "plan_queue_uid",
          "plan_history_uid",
          "devices_existing_uid",
          "plans_existing_uid",
          "devices_allowed_uid",
          "plans_allowed_uid",
          "plan_queue_mode",
          "task_results_uid",
          "lock_info_uid",
          "lock",
          "paused_because");

  @Test
  void tellsTheStatusWithAllFieldsInTheirOrder() throws Exception {
    script = request -> ((GetStatus) request).replyTo().tell(status(false));
    JsonNode status = JSON.readTree(get("/api/status", "{}"));

    List<String> names = new ArrayList<>();
    status.fieldNames().forEachRemaining(names::add);
    assertThat(names).isEqualTo(STATUS_FIELDS);
    assertThat(status.get("msg").asText()).isEqualTo("Beamhive v1.2.3");
    assertThat(status.get("time").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}");
    assertThat(status.get("running_item_uid").isNull()).isTrue();
    assertThat(status.get("re_state").isNull()).isTrue();
    assertThat(status.get("plan_queue_mode").toString())
        .isEqualTo("{\"loop\":false,\"ignore_failures\":true}");
    assertThat(status.get("lock").toString()).isEqualTo("{\"environment\":false,\"queue\":false}");
    for (String path : List.of("/api", "/api/", "/api/ping")) {
      assertThat(JSON.readTree(get(path, "{}")).size()).isEqualTo(STATUS_FIELDS.size());
    }
  }

  @Test
  void listsPlansAndDevicesWithTheUidsOfTheStatus() throws Exception {
    script = request -> ((GetStatus) request).replyTo().tell(status(true));
    JsonNode status = JSON.readTree(get("/api/status", "{}"));
    JsonNode plans = JSON.readTree(get("/api/plans/allowed", "{}"));
    JsonNode devices = JSON.readTree(get("/api/devices/allowed", "{}"));

    assertThat(plans.get("plans_allowed_uid")).isEqualTo(status.get("plans_allowed_uid"));
    assertThat(devices.get("devices_allowed_uid")).isEqualTo(status.get("devices_allowed_uid"));
    assertThat(plans.at("/plans_allowed/count/parameters/0").toString())
        .isEqualTo(
            "{\"name\":\"detectors\",\"kind\":{\"name\":\"POSITIONAL_OR_KEYWORD\",\"value\":1},"
                + "\"description\":\"detectors to read\",\"annotation\":{\"type\":"
                + "\"collections.abc.Sequence[__READABLE__]\"},\"convert_device_names\":true}");
    assertThat(plans.at("/plans_allowed/count/parameters/1/default").asText()).isEqualTo("1");
    assertThat(devices.at("/devices_allowed/samx").toString())
        .isEqualTo(
            "{\"classname\":\"SimMotor\",\"is_flyable\":false,\"is_movable\":true,"
                + "\"is_readable\":true,\"module\":\"beamhive\"}");
  }

  @Test
  void showsAndReadsDevices() throws Exception {
    JsonNode device = JSON.readTree(get("/api/devices", "")).at("/devices/0");
    assertThat(device.get("state").asText()).isEqualTo("ready");
    assertThat(device.get("limits").toString()).isEqualTo("{\"low\":-10.0,\"high\":10.0}");
    JsonNode read = JSON.readTree(get("/api/devices/samx/read", ""));
    assertThat(read.at("/readings/samx/value").asDouble()).isEqualTo(1.25);
    assertThat(call("GET", "/api/devices/nosuch/read", "").statusCode()).isEqualTo(404);
  }

  // ------------------------------------------------------------------ refusals

  @Test
  void letsNobodyInWithoutTheKey() throws Exception {
    script = request -> ((GetStatus) request).replyTo().tell(status(false));
    for (String key : java.util.Arrays.asList(null, "ApiKey wrong", "Bearer " + KEY, "ApiKey ")) {
      HttpResponse<String> response = call("GET", "/api/status", "{}", key);
      assertThat(response.statusCode()).isEqualTo(401);
      assertThat(response.body()).isEqualTo("{\"detail\":\"Invalid API key\"}");
    }
    assertThat(ASKED).isEmpty();
    assertThat(call("GET", "/api/status", "{}", "apikey " + KEY).statusCode()).isEqualTo(200);
    assertThat(call("GET", "/api/status?api_key=" + KEY, "{}", null).statusCode()).isEqualTo(200);
  }

  @Test
  void answersBadRequestsWithOneSentence() throws Exception {
    assertRefused("/api/queue/start", "{\"nosuch\":1}", 400, "Unknown parameter 'nosuch'");
    assertRefused("/api/queue/start", "{\"a\":", 400, "The body is not valid JSON at line 1");
    assertThat(refusal(call("POST", "/api/queue/start", "{\"a\": [1")))
        .contains("(start marker at line 1, column ")
        .doesNotContain("Source")
        .doesNotContain("StreamReadFeature");
    assertRefused("/api/queue/start", "[1]", 400, "must be an object");
    assertRefused("/api/queue/start", "{} {}", 400, "The body is not valid JSON");
    assertRefused("/api/queue/item/add", "{\"item\":{\"x\":NaN}}", 400, "holds NaN or Infinity");
    assertRefused("/api/queue/item/add", "{\"item\":{\"x\":-Infinity}}", 400, "NaN or Infinity");
    assertRefused("/api/queue/item/add", "{\"item\":{\"x\":1e999}}", 400, "too large");
    assertRefused("/api/queue/item/add", "{\"item\":" + "[".repeat(5000), 400, "nested deeper");
    assertRefused("/api/queue/item/add", "{\"item\":7}", 400, "'item' must be an object, not 7");
    assertRefused("/api/queue/autostart", "{\"enable\":3}", 400, "must be true or false");
    assertRefused("/api/nosuch", "{}", 404, "Not Found");
    assertThat(call("POST", "/api/status", "{}").statusCode()).isEqualTo(405);
    assertThat(call("GET", "/nosuch", "").body()).isEqualTo("{\"detail\":\"Not Found\"}");
  }

  private static void assertRefused(String path, String body, int status, String part)
      throws Exception {
    HttpResponse<String> response = call("POST", path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(refusal(response)).contains(part).doesNotContain("\n");
  }

  @Test
  void keepsTheLimitsUnlessBothAreGiven() throws Exception {
    String limits = "/api/devices/samx/limits";
    assertRefused(limits, "{}", 400, "Parameters 'low' and 'high' are missing");
    assertRefused(limits, "", 400, "Parameters 'low' and 'high' are missing");
    assertRefused(limits, "{\"low\":null}", 400, "Parameter 'high' is missing");
    assertRefused(limits, "{\"high\":1}", 400, "Parameter 'low' is missing");
    assertRefused(
        limits, "{\"low\":null,\"high\":1}", 400, "must both be numbers, or both be null");
  }

  @Test
  void refusesABodyOfTenMegabytes() throws Exception {
    HttpResponse<String> response =
        call("POST", "/api/queue/item/add", "{\"item\":\"" + "x".repeat(10_000_000) + "\"}");
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(refusal(response)).contains("1048576 bytes").contains("max-body-bytes");
  }

  @Test
  void saysWhoDidNotAnswerInTime() throws Exception {
    ServerBinding impatient =
        WebServer.start(
                kit.system(),
                settings("127.0.0.1", 0, Optional.of(KEY), Duration.ofMillis(500)),
                backends(),
                Optional.empty())
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
    HttpResponse<String> response = call(impatient, "GET", "/api/queue/get", "{}", "ApiKey " + KEY);
    assertThat(response.statusCode()).isEqualTo(408);
    assertThat(refusal(response)).isEqualTo("The queue did not answer within 0.5 s.");
  }

  @Test
  void refusesToStartOnAPortInUseAndOnAnOpenAddressWithoutAKey() {
    int port = binding.localAddress().getPort();
    Throwable inUse =
        catchThrowable(
            () ->
                WebServer.start(
                        kit.system(),
                        settings("127.0.0.1", port, Optional.of(KEY)),
                        backends(),
                        Optional.empty())
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS));
    assertThat(inUse.getCause())
        .isInstanceOf(WebStartException.class)
        .hasMessageContaining("127.0.0.1:" + port);

    Throwable open =
        catchThrowable(
            () ->
                WebServer.start(
                        kit.system(),
                        settings("0.0.0.0", 0, Optional.empty()),
                        backends(),
                        Optional.empty())
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS));
    assertThat(open.getCause()).hasMessageContaining("without a key");
  }

  // ------------------------------------------------------------------ live views, health

  @Test
  void sendsTheDocumentsOfARunAndEndsWithIt() throws Exception {
    Frames frames = new Frames();
    connect("/api/documents/ws?run=r1&api_key=" + KEY, frames);

    JsonNode start = JSON.readTree(frames.next());
    assertThat(start.get("name").asText()).isEqualTo("start");
    assertThat(start.at("/doc/uid").asText()).isEqualTo("r1");
    assertThat(start.at("/doc/scan_id").asInt()).isEqualTo(7);
    assertThat(JSON.readTree(frames.next()).at("/doc/exit_status").asText()).isEqualTo("success");
    assertThat(frames.next()).isEqualTo("closed");
  }

  @Test
  void sendsTheStatusAtEachChangeAndRegularly() throws Exception {
    script =
        request -> {
          if (request instanceof SubscribeStatus subscribe) {
            subscribe.replyTo().tell(status(false));
          } else if (request instanceof GetStatus get) {
            get.replyTo().tell(status(true));
          }
        };
    Frames frames = new Frames();
    WebSocket socket = connect("/api/status/ws?api_key=" + KEY, frames);
    JsonNode first = JSON.readTree(frames.next());
    assertThat(first.at("/msg/status/manager_state").asText()).isEqualTo("idle");
    assertThat(first.get("time").asDouble()).isPositive();
    assertThat(JSON.readTree(frames.next()).at("/msg/status/manager_state").asText())
        .isEqualTo("executing_queue");
    socket.abort();
  }

  private static WebSocket connect(String path, Frames frames) throws Exception {
    return CLIENT
        .newWebSocketBuilder()
        .buildAsync(URI.create(uri(path).toString().replace("http:", "ws:")), frames)
        .get(30, TimeUnit.SECONDS);
  }

  private static final class Frames implements WebSocket.Listener {
    private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();

    String next() throws InterruptedException {
      return texts.poll(30, TimeUnit.SECONDS);
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        texts.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      texts.add("closed");
      return null;
    }
  }

  @Test
  void tellsHealthWithoutAKey() throws Exception {
    assertThat(call("GET", "/health/live", "", null).statusCode()).isEqualTo(200);
    assertThat(call("GET", "/health/ready", "", null).body())
        .isEqualTo(
            "{\"ready\":true,\"problems\":{},\"information\":{\"devices\":\"not connected: samx\"}}");
    problems = Map.of("redis", "not connected");
    HttpResponse<String> response = call("GET", "/health/ready", "", null);
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body())
        .startsWith("{\"ready\":false,\"problems\":{\"redis\":\"not connected\"}");
    problems = Map.of("dispatcher", "stuck");
    assertThat(call("GET", "/health/live", "", null).statusCode()).isEqualTo(503);
    assertThat(call("GET", "/health/live", "", null).body())
        .isEqualTo("the actor system does not answer");
  }

  @Test
  void tellsItsFiguresToWhoHasTheKey() throws Exception {
    assertThat(call("GET", "/metrics", "", null).statusCode()).isEqualTo(401);
    HttpResponse<String> figures = call("GET", "/metrics", "");
    assertThat(figures.statusCode()).isEqualTo(200);
    assertThat(figures.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(figures.body()).isEqualTo("beamhive_queue_items 3.0\n");
  }

  @Test
  void readsItsSettingsFromTheShippedFile() {
    WebSettings settings = WebSettings.from(ConfigFactory.parseResources("web.conf").resolve());
    assertThat(settings.port()).isEqualTo(60610);
    assertThat(settings.maxBodyBytes()).isEqualTo(1 << 20);
    assertThat(catchThrowable(() -> settings("127.0.0.1", 70000, Optional.empty())))
        .hasMessage("beamhive.web.port must be 0 to 65535, is 70000");
  }
}

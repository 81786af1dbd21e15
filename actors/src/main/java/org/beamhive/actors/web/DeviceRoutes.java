package org.beamhive.actors.web;

import akka.NotUsed;
import akka.actor.Cancellable;
import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.ws.Message;
import akka.http.javadsl.model.ws.TextMessage;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.stream.OverflowStrategy;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.typed.javadsl.ActorSource;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;
import org.beamhive.protocol.device.DeviceDetails;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.CallAccepted;
import org.beamhive.protocol.device.DeviceProtocol.CallFailed;
import org.beamhive.protocol.device.DeviceProtocol.CallReply;
import org.beamhive.protocol.device.DeviceProtocol.ReadDone;
import org.beamhive.protocol.device.DeviceProtocol.Update;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * {@code /api/devices/NAME/...}: one device outside any scan. What changes something goes through a
 * {@link CallOwner}; the device decides whether it may be done. What only looks is answered beside
 * whatever the device does.
 */
final class DeviceRoutes extends AllDirectives {
  /** So often a client that waits is sent a blank: a broken connection is noticed by that. */
  private static final Duration HEARTBEAT = Duration.ofMillis(250);

  /** So often a device is told that somebody still follows it. */
  private static final Duration FOLLOW_AGAIN = Duration.ofSeconds(5);

  private final Api api;

  DeviceRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        path(
            PathMatchers.separateOnSlashes("devices/stop"),
            () -> post(() -> api.asked(Set.of(), (params, who) -> stop(Optional.empty(), who)))),
        path(
            PathMatchers.separateOnSlashes("devices/ws"),
            () ->
                parameterOptional(
                    "names", names -> updates(Arrays.asList(names.orElse("").split(","))))),
        pathPrefix("devices", () -> concat(looking(), calling())));
  }

  // ------------------------------------------------------------------ what only looks

  private Route looking() {
    return concat(
        path(
            PathMatchers.segment(),
            name -> get(() -> api.answer(Set.of(), params -> details(name, Json::details)))),
        look("read", (name, read) -> readings(name, read)),
        look("describe", DeviceRoutes::description),
        look("configuration", DeviceRoutes::configuration),
        lookAtDetails("methods", Json::methods),
        lookAtDetails("limits", Json::limits),
        path(
            PathMatchers.segment().slash("calls").slash(PathMatchers.segment()),
            (name, id) ->
                get(
                    () ->
                        api.answer(
                            Set.of(), params -> details(name, all -> callOf(name, id, all))))),
        path(PathMatchers.segment().slash("ws"), name -> updates(List.of(name))));
  }

  /** Answers from what the device reads now. */
  @FunctionalInterface
  private interface Reader {
    ObjectNode answer(String name, ReadDone read);
  }

  private Route look(String word, Reader reader) {
    return path(
        PathMatchers.segment().slash(word),
        name -> get(() -> api.answer(Set.of(), params -> read(name, reader))));
  }

  private Route lookAtDetails(String word, Function<DeviceDetails, ObjectNode> shown) {
    return path(
        PathMatchers.segment().slash(word),
        name -> get(() -> api.answer(Set.of(), params -> details(name, shown))));
  }

  private CompletionStage<ObjectNode> read(String name, Reader reader) {
    return find(name)
        .thenCompose(view -> api.read(view.name()))
        .thenApply(
            reply ->
                reply instanceof ReadDone done
                    ? reader.answer(name, done)
                    : Json.refused(((DeviceProtocol.NotRead) reply).problem()));
  }

  private static ObjectNode readings(String name, ReadDone read) {
    ObjectNode answer = Json.success().put("device", name);
    answer.set("hints", Json.texts(read.description().hints()));
    answer.set("readings", Json.readings(read));
    return answer;
  }

  private static ObjectNode description(String name, ReadDone read) {
    ObjectNode answer = Json.success().put("device", name);
    answer.put("class_name", read.description().className());
    answer.set("data_keys", Json.dataKeys(read.description().dataKeys()));
    answer.set("hints", Json.texts(read.description().hints()));
    return answer;
  }

  private static ObjectNode configuration(String name, ReadDone read) {
    ObjectNode answer = Json.success().put("device", name);
    answer.set(
        "configuration",
        Json.readings(read.description().configuration(), read.description().configurationKeys()));
    answer.set("data_keys", Json.dataKeys(read.description().configurationKeys()));
    return answer;
  }

  private CompletionStage<ObjectNode> details(
      String name, Function<DeviceDetails, ObjectNode> shown) {
    return find(name)
        .thenCompose(
            view ->
                api.device(
                    view.name(),
                    api.backends().devices().ref(view),
                    DeviceProtocol.GetDetails::new))
        .thenApply(shown);
  }

  private static ObjectNode callOf(String name, String id, DeviceDetails details) {
    return details.calls().stream()
        .filter(call -> call.id().equals(id))
        .findFirst()
        .map(call -> Json.success().<ObjectNode>set("call", Json.call(call)))
        .orElseThrow(
            () ->
                ApiException.notFound(
                    "Device '%s' knows of no call '%s': it keeps the last ones, until it is started anew."
                        .formatted(name, id)));
  }

  private CompletionStage<DeviceView> find(String name) {
    return api.devices()
        .thenApply(
            devices ->
                devices.devices().stream()
                    .filter(view -> view.name().value().equals(name))
                    .findFirst()
                    .orElseThrow(
                        () -> ApiException.notFound("There is no device '" + name + "'.")));
  }

  // ------------------------------------------------------------------ what changes something

  private Route calling() {
    return concat(
        path(
            PathMatchers.segment().slash("stop"),
            name ->
                post(
                    () ->
                        api.asked(
                            Set.of(),
                            (params, who) -> stop(Optional.of(new DeviceName(name)), who)))),
        call("set", Set.of("value", "relative"), DeviceRoutes::move),
        call("stage", Set.of(), params -> new Operation.Perform(Operation.Action.STAGE)),
        call("unstage", Set.of(), params -> new Operation.Perform(Operation.Action.UNSTAGE)),
        call("trigger", Set.of(), params -> new Operation.Perform(Operation.Action.TRIGGER)),
        call(
            "configuration",
            Set.of("settings"),
            params -> new Operation.Configure(needed(params, "settings"))),
        call("call", Set.of("method", "arguments"), DeviceRoutes::method),
        call("limits", Set.of("low", "high"), DeviceRoutes::limits));
  }

  private static Operation move(Params params) {
    Value value = params.value("value");
    if (value == null) {
      throw ApiException.badRequest("Parameter 'value' is missing: the setpoint, or the step.");
    }
    if (!params.flag("relative", false)) {
      return new Operation.MoveTo(value);
    }
    if (!value.numeric()) {
      throw ApiException.badRequest(
          "Parameter 'value' must be a number for a relative move, not " + value.shown() + ".");
    }
    return new Operation.MoveBy(value.asDouble());
  }

  private static Operation method(Params params) {
    String method = params.text("method");
    if (method == null) {
      throw ApiException.badRequest(
          "Parameter 'method' is missing; GET /api/devices/NAME/methods lists them.");
    }
    Value.Fields arguments = params.map("arguments");
    return new Operation.CallMethod(method, arguments == null ? Value.Fields.EMPTY : arguments);
  }

  /** Both must be there: an empty body must not take limits away. */
  private static Operation limits(Params params) {
    List<String> missing =
        Stream.of("low", "high")
            .filter(each -> !params.given(each))
            .map(each -> "'" + each + "'")
            .toList();
    if (!missing.isEmpty()) {
      throw ApiException.badRequest(
          (missing.size() == 1 ? "Parameter " : "Parameters ")
              + String.join(" and ", missing)
              + (missing.size() == 1 ? " is" : " are")
              + " missing: give 'low' and 'high' as numbers, or both as null for no limits.");
    }
    Value low = params.value("low");
    Value high = params.value("high");
    if (low == null && high == null) {
      return new Operation.SetLimits(Limits.NONE);
    }
    if (low == null || high == null || !low.numeric() || !high.numeric()) {
      throw ApiException.badRequest(
          "Parameters 'low' and 'high' must both be numbers, or both be null for no limits.");
    }
    return new Operation.SetLimits(new Limits(low.asDouble(), high.asDouble()));
  }

  private static Value.Fields needed(Params params, String name) {
    Value.Fields map = params.map(name);
    if (map == null) {
      throw ApiException.badRequest("Parameter '" + name + "' is missing: an object.");
    }
    return map;
  }

  private Route call(String word, Set<String> parameters, Function<Params, Operation> operation) {
    Set<String> all = new HashSet<>(parameters);
    all.addAll(Set.of("wait", "user"));
    return path(
        PathMatchers.segment().slash(word),
        name ->
            post(
                () ->
                    api.asked(
                        all,
                        (params, who) -> {
                          boolean wait = params.flag("wait", true);
                          Operation wanted = operation.apply(params);
                          return find(name)
                              .thenCompose(view -> call(view, who, wanted))
                              .thenCompose(owned -> answer(name, owned, wait));
                        })));
  }

  private CompletionStage<CallOwner.Owned> call(DeviceView view, String who, Operation operation) {
    RecipientRef<DeviceProtocol.Request> device = api.backends().devices().ref(view);
    CallOwner.Owned owned =
        CallOwner.start(api.system(), api.settings(), view.name(), device, who, operation);
    return owned.accepted().thenApply(reply -> owned);
  }

  /** At once if it was refused or nobody waits; else when it has ended. */
  private CompletionStage<HttpResponse> answer(String name, CallOwner.Owned owned, boolean wait) {
    return owned
        .accepted()
        .thenApply(
            reply -> {
              if (!(reply instanceof CallAccepted)) {
                return Api.json(StatusCodes.OK, ended(name, reply));
              }
              return wait
                  ? whenEnded(name, owned)
                  : Api.json(
                      StatusCodes.OK, Json.success().put("device", name).put("call", owned.id()));
            });
  }

  /**
   * The answer is JSON with blanks before it, one now and then: they keep the connection, and the
   * one that can't be sent tells that the client has gone.
   */
  private HttpResponse whenEnded(String name, CallOwner.Owned owned) {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    // a client that went before its answer began is never written to
    api.system()
        .scheduler()
        .scheduleOnce(
            api.settings().askTimeout(),
            () -> {
              if (!begun.isDone()) {
                owned.giveUp();
              }
            },
            api.system().executionContext());
    Source<ByteString, NotUsed> body =
        Source.completionStage(owned.ended())
            .map(reply -> ByteString.fromString(ended(name, reply).toString()))
            .keepAlive(HEARTBEAT, () -> ByteString.fromString(" "))
            .watchTermination(
                (none, over) -> {
                  begun.complete(null);
                  over.whenComplete(
                      (done, failure) -> {
                        if (!owned.ended().toCompletableFuture().isDone()) {
                          owned.giveUp();
                        }
                      });
                  return none;
                });
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(ContentTypes.APPLICATION_JSON, body));
  }

  private static ObjectNode ended(String name, CallReply reply) {
    ObjectNode answer;
    if (reply instanceof CallFailed failed) {
      answer = Json.refused(failed.problem());
    } else {
      answer = Json.success();
      answer.set("result", Json.node(((DeviceProtocol.CallDone) reply).result()));
    }
    return answer.put("device", name).put("call", reply.id());
  }

  private CompletionStage<HttpResponse> stop(Optional<DeviceName> only, String who) {
    return api.backends()
        .devices()
        .stop(only, who)
        .thenApply(
            stopped -> {
              if (only.isPresent()
                  && stopped.nodes() > 0
                  && stopped.devices().isEmpty()
                  && stopped.silent().isEmpty()) {
                throw ApiException.notFound("There is no device '" + only.get() + "'.");
              }
              String untold = untold(stopped);
              ObjectNode answer = Json.answer(untold.isEmpty(), untold);
              answer.set("devices", Json.texts(stopped.devices()));
              answer.set("not_connected", Json.texts(stopped.notConnected()));
              ObjectNode notStopped = answer.putObject("not_stopped");
              stopped.notStopped().forEach(notStopped::put);
              answer.set("silent_nodes", Json.texts(stopped.silent()));
              return Api.json(StatusCodes.OK, answer);
            });
  }

  /** Whom the stop can't have reached, for the operator, who must go there; empty if it has all. */
  private static String untold(WebBackends.Stopped stopped) {
    if (stopped.nodes() == 0) {
      return "No node with devices is known: nothing was told to stop. Use the devices' own controls.";
    }
    List<String> untold = new ArrayList<>();
    if (!stopped.silent().isEmpty()) {
      untold.add(
          "No answer from %s: what is there may still move."
              .formatted(String.join(", ", stopped.silent())));
    }
    if (!stopped.notConnected().isEmpty()) {
      untold.add(
          "Not connected, so may still move: %s. Use their own controls."
              .formatted(String.join(", ", stopped.notConnected())));
    }
    if (!stopped.notStopped().isEmpty()) {
      untold.add(
          "Told, but may still move: %s Use their own controls."
              .formatted(String.join(" ", stopped.notStopped().values())));
    }
    return String.join(" ", untold);
  }

  // ------------------------------------------------------------------ followers

  private Route updates(List<String> names) {
    CompletionStage<List<DeviceView>> found =
        api.devices()
            .thenApply(
                devices -> {
                  List<DeviceView> views = new ArrayList<>();
                  for (String name : names) {
                    views.add(
                        devices.devices().stream()
                            .filter(view -> view.name().value().equals(name.strip()))
                            .findFirst()
                            .orElseThrow(
                                () ->
                                    ApiException.notFound(
                                        name.isBlank()
                                            ? "Parameter 'names' is missing: devices, with commas between them."
                                            : "There is no device '" + name.strip() + "'.")));
                  }
                  return views;
                });
    return onComplete(
        found,
        views ->
            views.isSuccess()
                ? handleWebSocketMessages(
                    Flow.fromSinkAndSourceCoupled(Sink.ignore(), updatesOf(views.get())))
                : complete(api.failure(views.failed().get())));
  }

  private Source<Message, NotUsed> updatesOf(List<DeviceView> views) {
    Source<Message, NotUsed> all = Source.empty();
    for (DeviceView view : views) {
      all = all.merge(updatesOf(view));
    }
    return all;
  }

  /** A client that reads slowly misses what is old: there is one place, for the newest. */
  private Source<Message, NotUsed> updatesOf(DeviceView view) {
    return ActorSource.<Update>actorRef(
            message -> false, message -> Optional.empty(), 1, OverflowStrategy.dropHead())
        .mapMaterializedValue(follower -> follow(view, follower))
        .watchTermination(Keep.both())
        .mapMaterializedValue(
            both -> {
              both.second().whenComplete((done, failure) -> both.first().cancel());
              return NotUsed.getInstance();
            })
        .map(update -> TextMessage.create(Json.update(update).toString()));
  }

  /** Again and again, so that a device that is started anew, here or elsewhere, hears of it. */
  private Cancellable follow(DeviceView view, ActorRef<Update> follower) {
    RecipientRef<DeviceProtocol.Request> device = api.backends().devices().ref(view);
    return api.system()
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            FOLLOW_AGAIN,
            () -> device.tell(new DeviceProtocol.Follow(follower)),
            api.system().executionContext());
  }
}

package org.beamhive.actors.web;

import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** {@code /api/status} and what clients ask about the server itself. */
final class ServerRoutes extends AllDirectives {
  private static final List<String> SCOPES =
      List.of(
          "read:config",
          "read:history",
          "read:lock",
          "read:monitor",
          "read:queue",
          "read:resources",
          "read:status",
          "write:execute",
          "write:history:edit",
          "write:manager:control",
          "write:plan:control",
          "write:queue:control",
          "write:queue:edit");

  /** What the queue server can do and Beamhive can't. */
  private static final List<String> MISSING =
      List.of(
          "environment/update",
          "function/execute",
          "kernel/interrupt",
          "lock",
          "manager/stop",
          "permissions/reload",
          "permissions/set",
          "queue/upload/spreadsheet",
          "script/upload",
          "unlock");

  private final Api api;
  private final StatusView status;

  ServerRoutes(Api api, StatusView status) {
    this.api = api;
    this.status = status;
  }

  Route routes() {
    Route routes =
        concat(
            pathEndOrSingleSlash(() -> get(() -> api.answer(Set.of(), params -> status.now()))),
            api.get("ping", Set.of(), params -> status.now()),
            api.get("status", Set.of(), params -> status.now()),
            api.get("config/get", Set.of(), params -> config()),
            api.get("re/metadata", Set.of(), params -> metadata()),
            api.get("auth/scopes", Set.of(), params -> scopes()),
            api.get("lock/info", Set.of("lock_key"), params -> lockInfo()),
            api.get("console_output", Set.of("nlines"), params -> consoleText()),
            api.get("console_output_update", Set.of("last_msg_uid"), params -> consoleUpdate()));
    for (String missing : MISSING) {
      routes = concat(routes, missing(missing));
    }
    return routes;
  }

  private static CompletionStage<ObjectNode> config() {
    ObjectNode answer = Json.success();
    answer.putObject("config").putObject("ip_connect_info");
    return done(answer);
  }

  private static CompletionStage<ObjectNode> metadata() {
    ObjectNode answer = Json.success();
    answer.putObject("re_metadata");
    return done(answer);
  }

  private static CompletionStage<ObjectNode> scopes() {
    ObjectNode answer = Json.object();
    answer.putArray("roles").add("unauthenticated_single_user");
    ArrayNode scopes = answer.putArray("scopes");
    SCOPES.forEach(scopes::add);
    return done(answer);
  }

  private CompletionStage<ObjectNode> lockInfo() {
    ObjectNode answer = Json.success();
    answer
        .putObject("lock_info")
        .put("environment", false)
        .put("queue", false)
        .putNull("user")
        .putNull("time")
        .put("time_str", "")
        .putNull("note")
        .put("emergency_lock_key_is_set", false);
    return done(answer.put("lock_info_uid", status.lockInfoUid()));
  }

  /** There is no console: what a plan does is told by its documents. */
  private static CompletionStage<ObjectNode> consoleText() {
    return done(Json.success().put("text", ""));
  }

  private static CompletionStage<ObjectNode> consoleUpdate() {
    ObjectNode answer = Json.object().put("last_msg_uid", "none");
    answer.putArray("console_output_msgs");
    return done(answer.put("success", true).put("msg", ""));
  }

  private Route missing(String path) {
    ObjectNode refused =
        Json.answer(false, "Beamhive does not support '" + path + "' of the queue server's API.");
    return path(
        PathMatchers.separateOnSlashes(path),
        () -> post(() -> complete(Api.json(StatusCodes.OK, refused))));
  }

  private static CompletionStage<ObjectNode> done(ObjectNode answer) {
    return CompletableFuture.completedFuture(answer);
  }
}

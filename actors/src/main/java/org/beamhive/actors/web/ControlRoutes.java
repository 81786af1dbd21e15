package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.queue.ScanQueueProtocol.ControlRun;
import org.beamhive.protocol.queue.ScanQueueProtocol.EnvironmentChange;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunControl;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunView;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetEnvironment;

/** {@code /api/environment} and {@code /api/re}: what runs plans, and the plan that runs. */
final class ControlRoutes extends AllDirectives {
  private static final Set<String> LOCKABLE = Set.of("lock_key");

  private final Api api;

  ControlRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        environment("open", EnvironmentChange.OPEN),
        environment("close", EnvironmentChange.CLOSE),
        environment("destroy", EnvironmentChange.DESTROY),
        api.post("re/pause", Set.of("option", "lock_key"), this::pause),
        control("resume", RunControl.RESUME),
        control("stop", RunControl.STOP),
        control("abort", RunControl.ABORT),
        control("halt", RunControl.HALT),
        api.post("re/runs", Set.of("option"), params -> runs(params.text("option"))),
        api.get("re/runs/active", Set.of(), params -> runs("active")),
        api.get("re/runs/open", Set.of(), params -> runs("open")),
        api.get("re/runs/closed", Set.of(), params -> runs("closed")));
  }

  private Route environment(String word, EnvironmentChange change) {
    return api.post(
        "environment/" + word,
        LOCKABLE,
        params -> api.command(replyTo -> new SetEnvironment(change, replyTo)));
  }

  private Route control(String word, RunControl control) {
    return api.post(
        "re/" + word, LOCKABLE, params -> api.command(replyTo -> new ControlRun(control, replyTo)));
  }

  private CompletionStage<ObjectNode> pause(Params params) {
    String option = params.text("option");
    if (option == null || option.equals("deferred")) {
      return api.command(replyTo -> new ControlRun(RunControl.PAUSE_DEFERRED, replyTo));
    }
    if (option.equals("immediate")) {
      return api.command(replyTo -> new ControlRun(RunControl.PAUSE_IMMEDIATE, replyTo));
    }
    return refused("Option '" + option + "' is not one of 'deferred' and 'immediate'.");
  }

  private CompletionStage<ObjectNode> runs(String option) {
    String wanted = option == null ? "active" : option;
    if (!Set.of("active", "open", "closed").contains(wanted)) {
      return refused("Option '" + wanted + "' is not one of 'active', 'open' and 'closed'.");
    }
    return api.queue(GetRuns::new)
        .thenApply(
            runs -> {
              ObjectNode answer = Json.success();
              ArrayNode list = answer.putArray("run_list");
              for (RunView run : runs.runs()) {
                if (wanted.equals("active") || run.open() == wanted.equals("open")) {
                  list.add(Json.run(run));
                }
              }
              return answer.put("run_list_uid", runs.runListUid());
            });
  }

  private static CompletionStage<ObjectNode> refused(String msg) {
    return CompletableFuture.completedFuture(Json.answer(false, msg));
  }
}

package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetAutostart;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetMode;
import org.beamhive.protocol.queue.ScanQueueProtocol.StartQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.StopQueue;

/** {@code /api/queue}: the queue as a whole. */
final class QueueRoutes extends AllDirectives {
  private static final Set<String> LOCKABLE = Set.of("lock_key");
  private static final Set<String> MODES = Set.of("loop", "ignore_failures");

  private final Api api;

  QueueRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        api.get("queue/get", Set.of(), params -> queue()),
        api.post("queue/clear", LOCKABLE, params -> api.command(ClearQueue::new)),
        api.post("queue/start", LOCKABLE, params -> api.command(StartQueue::new)),
        api.post(
            "queue/stop",
            LOCKABLE,
            params -> api.command(replyTo -> new StopQueue(false, replyTo))),
        api.post(
            "queue/stop/cancel",
            LOCKABLE,
            params -> api.command(replyTo -> new StopQueue(true, replyTo))),
        api.post("queue/autostart", Set.of("enable", "lock_key"), this::autostart),
        api.post("queue/mode/set", Set.of("mode", "lock_key"), this::mode));
  }

  private CompletionStage<ObjectNode> queue() {
    return api.queue(GetQueue::new)
        .thenApply(
            queue -> {
              ObjectNode answer = Json.success();
              answer.set("items", Json.items(queue.items()));
              answer.set(
                  "running_item",
                  queue.running() == null ? Json.object() : Json.item(queue.running()));
              return answer.put("plan_queue_uid", queue.planQueueUid());
            });
  }

  private CompletionStage<ObjectNode> autostart(Params params) {
    if (!params.has("enable")) {
      throw ApiException.badRequest("The request has no parameter 'enable'.");
    }
    boolean enable = params.flag("enable", false);
    return api.command(replyTo -> new SetAutostart(enable, replyTo));
  }

  private CompletionStage<ObjectNode> mode(Params params) {
    if (params.value("mode") instanceof Value.Text text && text.value().equals("default")) {
      return api.command(replyTo -> new SetMode(false, false, replyTo));
    }
    Value.Fields mode = params.map("mode");
    if (mode == null) {
      throw ApiException.badRequest("The request has no parameter 'mode'.");
    }
    for (String name : mode.fields().keySet()) {
      if (!MODES.contains(name)) {
        return refused(
            "Unsupported plan queue mode parameter '"
                + name
                + "': supported are 'loop' and 'ignore_failures'.");
      }
      if (!(mode.get(name) instanceof Value.Bool)) {
        return refused(
            "Plan queue mode parameter '"
                + name
                + "' must be true or false, not "
                + mode.get(name).shown()
                + ".");
      }
    }
    return api.command(
        replyTo -> new SetMode(flag(mode, "loop"), flag(mode, "ignore_failures"), replyTo));
  }

  private static Boolean flag(Value.Fields mode, String name) {
    return mode.get(name) == null ? null : mode.get(name) == Value.Bool.TRUE;
  }

  private static CompletionStage<ObjectNode> refused(String msg) {
    return CompletableFuture.completedFuture(Json.answer(false, msg));
  }
}

package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;

/** {@code /api/history}: the ended items. */
final class HistoryRoutes extends AllDirectives {
  private final Api api;

  HistoryRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        api.get("history/get", Set.of(), params -> history()),
        api.post("history/clear", Set.of("size", "item_uid", "lock_key"), this::clear));
  }

  private CompletionStage<ObjectNode> history() {
    return api.queue(GetHistory::new)
        .thenApply(
            history -> {
              ObjectNode answer = Json.success();
              ArrayNode items = answer.putArray("items");
              history.items().forEach(ended -> items.add(Json.ended(ended)));
              return answer.put("plan_history_uid", history.planHistoryUid());
            });
  }

  private CompletionStage<ObjectNode> clear(Params params) {
    OptionalInt size = params.whole("size");
    String uid = params.text("item_uid");
    if (size.isPresent() && uid != null) {
      return refused("Give either 'size' or 'item_uid', not both.");
    }
    if (size.isPresent() && size.getAsInt() < 0) {
      return refused("'size' must be 0 or more, not " + size.getAsInt() + ".");
    }
    return uid == null ? keep(size.orElse(0)) : clearUpTo(uid);
  }

  private CompletionStage<ObjectNode> keep(int newest) {
    return api.command(replyTo -> new ClearHistory(newest, replyTo));
  }

  private CompletionStage<ObjectNode> clearUpTo(String uid) {
    return api.queue(GetHistory::new)
        .thenCompose(
            history -> {
              List<EndedItem> items = history.items();
              for (int i = 0; i < items.size(); i++) {
                if (items.get(i).item().uid().value().equals(uid)) {
                  return keep(items.size() - i - 1);
                }
              }
              return refused("Item '" + uid + "' is not in the history.");
            });
  }

  private static CompletionStage<ObjectNode> refused(String msg) {
    return CompletableFuture.completedFuture(
        Json.answer(false, "Failed to clear the history: " + msg));
  }
}

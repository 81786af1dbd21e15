package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunsView;

/** {@code /api/runs}: the runs of the running item and of the history. */
final class RunRoutes extends AllDirectives {
  private final Api api;

  RunRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return pathPrefix(
        "runs",
        () ->
            path(
                PathMatchers.segment(),
                uid -> get(() -> api.answer(Set.of(), params -> run(new RunUid(uid))))));
  }

  private CompletionStage<ObjectNode> run(RunUid uid) {
    // the running item first: a run that ends in between is then in the history
    return api.queue(GetRuns::new)
        .thenCombine(
            api.queue(GetStatus::new), (runs, status) -> running(runs, uid, status.pausedBecause()))
        .thenCombine(
            api.queue(GetHistory::new),
            (running, history) ->
                ended(history, uid)
                    .or(() -> running)
                    .orElseThrow(
                        () ->
                            ApiException.notFound(
                                "Run '"
                                    + uid
                                    + "' is neither running nor in the history of the queue.")));
  }

  private static Optional<ObjectNode> running(RunsView runs, RunUid uid, String pausedBecause) {
    return runs.runs().stream()
        .filter(run -> run.run().equals(uid))
        .findFirst()
        .map(
            run -> {
              ObjectNode answer = Json.success();
              answer.set("run", Json.run(run).set("files", Json.texts(List.of())));
              ((ObjectNode) answer.get("run")).put("paused_because", pausedBecause);
              return answer;
            });
  }

  private static Optional<ObjectNode> ended(HistoryView history, RunUid uid) {
    for (EndedItem ended : history.items()) {
      ItemResult result = ended.result();
      int index = result.runs().indexOf(uid);
      if (index >= 0) {
        ObjectNode run = Json.object().put("uid", uid.value());
        if (index < result.scanIds().size()) {
          run.put("scan_id", result.scanIds().get(index));
        }
        run.put("is_open", false).put("exit_status", result.exitStatus());
        run.set("files", Json.texts(ended.files()));
        run.put("item_uid", ended.item().uid().value())
            .put("plan_name", ended.item().name())
            .put("time_start", result.timeStart())
            .put("time_stop", result.timeStop())
            .put("msg", result.msg());
        ObjectNode answer = Json.success();
        answer.set("run", run);
        return Optional.of(answer);
      }
    }
    return Optional.empty();
  }
}

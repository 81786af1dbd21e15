package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.After;
import org.beamhive.protocol.queue.ScanQueueProtocol.At;
import org.beamhive.protocol.queue.ScanQueueProtocol.Before;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByIndex;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByUid;
import org.beamhive.protocol.queue.ScanQueueProtocol.ExecuteItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.Items;
import org.beamhive.protocol.queue.ScanQueueProtocol.ItemsReply;
import org.beamhive.protocol.queue.ScanQueueProtocol.MoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.NotAllAdded;
import org.beamhive.protocol.queue.ScanQueueProtocol.Place;
import org.beamhive.protocol.queue.ScanQueueProtocol.Refused;
import org.beamhive.protocol.queue.ScanQueueProtocol.RemoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.UpdateItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.Which;

/** {@code /api/queue/item}: the items of the queue. */
final class ItemRoutes extends AllDirectives {
  private static final Set<String> SUBMIT =
      Set.of("item", "pos", "before_uid", "after_uid", "user", "user_group", "lock_key");
  private static final Set<String> SUBMIT_BATCH =
      Set.of("items", "pos", "before_uid", "after_uid", "user", "user_group", "lock_key");
  private static final Set<String> UPDATE =
      Set.of("item", "replace", "user", "user_group", "lock_key");
  private static final Set<String> WHICH = Set.of("pos", "uid");
  private static final Set<String> REMOVE = Set.of("pos", "uid", "lock_key");
  private static final Set<String> REMOVE_BATCH = Set.of("uids", "ignore_missing", "lock_key");
  private static final Set<String> MOVE =
      Set.of("pos", "uid", "pos_dest", "before_uid", "after_uid", "lock_key");
  private static final Set<String> MOVE_BATCH =
      Set.of("uids", "pos_dest", "before_uid", "after_uid", "reorder", "lock_key");
  private static final Set<String> EXECUTE = Set.of("item", "user", "user_group", "lock_key");

  private final Api api;

  ItemRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        api.post("queue/item/add", SUBMIT, this::add),
        api.post("queue/item/add/batch", SUBMIT_BATCH, this::addBatch),
        api.post("queue/item/update", UPDATE, this::update),
        api.get("queue/item/get", WHICH, this::item),
        api.post("queue/item/remove", REMOVE, this::remove),
        api.post("queue/item/remove/batch", REMOVE_BATCH, this::removeBatch),
        api.post("queue/item/move", MOVE, this::move),
        api.post("queue/item/move/batch", MOVE_BATCH, this::moveBatch),
        api.post("queue/item/execute", EXECUTE, this::execute));
  }

  // ------------------------------------------------------------------ submit

  private CompletionStage<ObjectNode> add(Params params) {
    Place place = place(params, "pos", At.BACK);
    return submit(
        params,
        "Failed to add an item: ",
        item -> api.queue(replyTo -> new AddItems(List.of(submitted(item)), place, replyTo)));
  }

  private CompletionStage<ObjectNode> execute(Params params) {
    return submit(
        params,
        "Failed to start execution of the item: ",
        item -> api.queue(replyTo -> new ExecuteItem(submitted(item), replyTo)));
  }

  private CompletionStage<ObjectNode> update(Params params) {
    String failed = "Failed to update an item: ";
    boolean replace = params.flag("replace", false);
    return submit(
        params,
        failed,
        item -> {
          String uid = item.text("item_uid");
          return uid == null || uid.isEmpty()
              ? CompletableFuture.completedFuture(
                  new Refused(
                      Refusal.of("queue-item-uid", "the item has no 'item_uid' to find it by.")))
              : api.queue(
                  replyTo -> new UpdateItem(new ItemUid(uid), submitted(item), replace, replyTo));
        });
  }

  private static CompletionStage<ObjectNode> submit(
      Params params, String failed, Function<Value.Fields, CompletionStage<ItemsReply>> send) {
    Value.Fields item = params.map("item");
    if (item == null) {
      return done(notSubmitted(failed + "the request has no parameter 'item'.", null));
    }
    String problem = shape(item);
    if (problem != null) {
      return done(notSubmitted(failed + problem, item));
    }
    return send.apply(item)
        .thenApply(
            reply -> {
              if (reply instanceof Items items) {
                ObjectNode answer = Json.success().put("qsize", items.queueSize());
                answer.set("item", first(items));
                return answer;
              }
              return notSubmitted(failed + reason(reply, item), item);
            });
  }

  private static ObjectNode notSubmitted(String msg, Value.Fields item) {
    ObjectNode answer = Json.answer(false, msg).putNull("qsize");
    answer.set("item", item == null ? answer.nullNode() : Json.node(item));
    return answer;
  }

  private CompletionStage<ObjectNode> addBatch(Params params) {
    List<Value.Fields> items = params.maps("items");
    Place place = place(params, "pos", At.BACK);
    if (items == null) {
      throw ApiException.badRequest("The request has no parameter 'items'.");
    }
    List<String> problems = new ArrayList<>();
    for (Value.Fields item : items) {
      String problem = shape(item);
      problems.add(problem == null ? "" : problem);
    }
    if (problems.stream().anyMatch(problem -> !problem.isEmpty())) {
      return done(batchNotAdded(items, problems));
    }
    return api.<ItemsReply>queue(
            replyTo ->
                new AddItems(items.stream().map(ItemRoutes::submitted).toList(), place, replyTo))
        .thenApply(
            reply -> {
              if (reply instanceof Items added) {
                ObjectNode answer = Json.success().put("qsize", added.queueSize());
                answer.set("items", Json.items(added.items()));
                answer.set("results", results(items.stream().map(item -> "").toList()));
                return answer;
              }
              if (reply instanceof NotAllAdded none) {
                List<String> texts = new ArrayList<>();
                for (int i = 0; i < none.problems().size(); i++) {
                  String text = none.problems().get(i);
                  texts.add(text.isEmpty() ? "" : validation(text, items.get(i)));
                }
                return batchNotAdded(items, texts);
              }
              String msg = ((Refused) reply).refusal().text();
              ObjectNode answer = Json.answer(false, "Failed to add a batch of items: " + msg);
              answer.putNull("qsize");
              answer.set("items", echo(items));
              answer.set("results", results(items.stream().map(item -> msg).toList()));
              return answer;
            });
  }

  private static ObjectNode batchNotAdded(List<Value.Fields> items, List<String> problems) {
    long bad = problems.stream().filter(problem -> !problem.isEmpty()).count();
    ObjectNode answer =
        Json.answer(
            false,
            "Failed to add all items: validation of "
                + bad
                + " out of "
                + items.size()
                + " submitted items failed");
    answer.putNull("qsize");
    answer.set("items", echo(items));
    answer.set("results", results(problems));
    return answer;
  }

  private static ArrayNode echo(List<Value.Fields> items) {
    ArrayNode array = Json.object().arrayNode();
    items.forEach(item -> array.add(Json.node(item)));
    return array;
  }

  private static ArrayNode results(List<String> problems) {
    ArrayNode array = Json.object().arrayNode();
    problems.forEach(problem -> array.add(Json.answer(problem.isEmpty(), problem)));
    return array;
  }

  /** What is wrong with the form of a submitted item, or null. */
  private static String shape(Value.Fields item) {
    String type = item.text("item_type");
    if (type == null || !(type.equals("plan") || type.equals("instruction"))) {
      return "Incorrect item type: "
          + (item.get("item_type") == null ? "none is given" : item.get("item_type").shown())
          + "; supported are 'plan' and 'instruction'.";
    }
    String name = item.text("name");
    if (name == null || name.isEmpty()) {
      return "The item has no 'name'.";
    }
    if (!absentOr(item, "args", Value.Items.class)) {
      return "'args' must be a list, not " + item.get("args").shown() + ".";
    }
    if (!absentOr(item, "kwargs", Value.Fields.class)) {
      return "'kwargs' must be an object, not " + item.get("kwargs").shown() + ".";
    }
    if (!absentOr(item, "meta", Value.Fields.class) && !absentOr(item, "meta", Value.Items.class)) {
      return "'meta' must be an object or a list of objects, not " + item.get("meta").shown() + ".";
    }
    return null;
  }

  private static boolean absentOr(Value.Fields item, String name, Class<? extends Value> type) {
    Value value = item.get(name);
    return value == null || type.isInstance(value);
  }

  /** The item as it goes to the queue: of whom it is, without what only the queue may say. */
  private static Value.Fields submitted(Value.Fields item) {
    return item.without("item_uid")
        .without("result")
        .without("properties")
        .with("user", Value.of("UNAUTHENTICATED_SINGLE_USER"))
        .with("user_group", Value.of("primary"));
  }

  private static String reason(ItemsReply reply, Value.Fields item) {
    if (reply instanceof NotAllAdded none) {
      String problem =
          none.problems().stream().filter(text -> !text.isEmpty()).findFirst().orElse("");
      return validation(problem, item);
    }
    Refusal refusal = ((Refused) reply).refusal();
    return aboutTheQueue(refusal) ? refusal.text() : validation(refusal.text(), item);
  }

  /** Whether the state of the queue is in the way, not the plan. */
  private static boolean aboutTheQueue(Refusal refusal) {
    return refusal.code().startsWith("queue-")
        || refusal.code().startsWith("environment-")
        || refusal.code().startsWith("item-")
        || Set.of("no-environment", "not-idle", "unknown-item", "no-such-item", "not-now")
            .contains(refusal.code());
  }

  private static String validation(String problem, Value.Fields item) {
    return "plan".equals(item.text("item_type"))
        ? "Plan validation failed: " + problem + "\nPlan: " + PythonText.pretty(item)
        : problem;
  }

  // ------------------------------------------------------------------ get, remove, move

  private CompletionStage<ObjectNode> item(Params params) {
    Which which = which(params, true);
    return api.<ItemsReply>queue(replyTo -> new GetItem(which, replyTo))
        .thenApply(
            reply -> {
              ObjectNode answer = head(reply, "Failed to get an item: ");
              answer.set("item", first(reply));
              return answer;
            });
  }

  private CompletionStage<ObjectNode> remove(Params params) {
    Which which = which(params, true);
    return api.<ItemsReply>queue(replyTo -> new RemoveItems(List.of(which), false, replyTo))
        .thenApply(reply -> single(reply, "Failed to remove an item: "));
  }

  private CompletionStage<ObjectNode> move(Params params) {
    Which which = which(params, false);
    Place place = place(params, "pos_dest", null);
    return api.<ItemsReply>queue(replyTo -> new MoveItems(List.of(which), place, false, replyTo))
        .thenApply(reply -> single(reply, "Failed to move the item: "));
  }

  private CompletionStage<ObjectNode> removeBatch(Params params) {
    List<Which> which = uids(params);
    boolean ignoreMissing = params.flag("ignore_missing", true);
    return api.<ItemsReply>queue(replyTo -> new RemoveItems(which, ignoreMissing, replyTo))
        .thenApply(
            reply -> {
              ObjectNode answer = head(reply, "Failed to remove a batch of items: ");
              answer.set("items", all(reply));
              answer.set("qsize", size(reply));
              return answer;
            });
  }

  private CompletionStage<ObjectNode> moveBatch(Params params) {
    List<Which> which = uids(params);
    Place place = place(params, "pos_dest", null);
    boolean reorder = params.flag("reorder", false);
    return api.<ItemsReply>queue(replyTo -> new MoveItems(which, place, reorder, replyTo))
        .thenApply(
            reply -> {
              ObjectNode answer = head(reply, "Failed to move a batch of items: ");
              answer.set("qsize", size(reply));
              answer.set("items", all(reply));
              return answer;
            });
  }

  private static ObjectNode single(ItemsReply reply, String failed) {
    ObjectNode answer = head(reply, failed);
    answer.set("item", first(reply));
    answer.set("qsize", size(reply));
    return answer;
  }

  private static ObjectNode head(ItemsReply reply, String failed) {
    if (reply instanceof Refused refused) {
      return Json.answer(false, failed + refused.refusal().text());
    }
    return Json.success();
  }

  private static ObjectNode first(ItemsReply reply) {
    return reply instanceof Items items && !items.items().isEmpty()
        ? Json.item(items.items().get(0))
        : Json.object();
  }

  private static ArrayNode all(ItemsReply reply) {
    List<QueueItem> items = reply instanceof Items some ? some.items() : List.of();
    return Json.items(items);
  }

  private static JsonNode size(ItemsReply reply) {
    return reply instanceof Items items
        ? Json.object().numberNode(items.queueSize())
        : Json.object().nullNode();
  }

  // ------------------------------------------------------------------ places

  private static Which which(Params params, boolean backIfNone) {
    String uid = params.text("uid");
    OptionalInt pos = params.index("pos");
    if (uid != null && pos.isPresent()) {
      throw ApiException.badRequest("Give either 'pos' or 'uid', not both.");
    }
    if (uid != null) {
      return new ByUid(itemUid("uid", uid));
    }
    if (pos.isEmpty() && !backIfNone) {
      throw ApiException.badRequest("Give 'pos' or 'uid' of the item.");
    }
    return new ByIndex(pos.orElse(-1));
  }

  private static List<Which> uids(Params params) {
    List<String> uids = params.texts("uids");
    if (uids == null) {
      throw ApiException.badRequest("The request has no parameter 'uids'.");
    }
    List<Which> which = new ArrayList<>();
    uids.forEach(uid -> which.add(new ByUid(itemUid("uids", uid))));
    return which;
  }

  private static Place place(Params params, String name, Place otherwise) {
    List<Place> places = new ArrayList<>();
    params.index(name).ifPresent(index -> places.add(new At(index)));
    if (params.has("before_uid")) {
      places.add(new Before(itemUid("before_uid", params.text("before_uid"))));
    }
    if (params.has("after_uid")) {
      places.add(new After(itemUid("after_uid", params.text("after_uid"))));
    }
    if (places.size() > 1 || (places.isEmpty() && otherwise == null)) {
      throw ApiException.badRequest(
          "Give one of '" + name + "', 'before_uid' and 'after_uid', not " + places.size() + ".");
    }
    return places.isEmpty() ? otherwise : places.get(0);
  }

  private static ItemUid itemUid(String name, String uid) {
    if (uid.isEmpty()) {
      throw ApiException.badRequest("Parameter '" + name + "' must not be empty.");
    }
    return new ItemUid(uid);
  }

  private static CompletionStage<ObjectNode> done(ObjectNode answer) {
    return CompletableFuture.completedFuture(answer);
  }
}

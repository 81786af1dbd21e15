package org.beamhive.actors.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.beamhive.protocol.device.DeviceDetails;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/** Builds the JSON of answers: names and order of members are those of the queue server. */
final class Json {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What the queue adds to an item: written after its uid. */
  private static final Set<String> ADDED = Set.of("item_uid", "properties", "result");

  private Json() {}

  static ObjectNode object() {
    return NODES.objectNode();
  }

  static ObjectNode success() {
    return answer(true, "");
  }

  static ObjectNode answer(boolean success, String msg) {
    return object().put("success", success).put("msg", msg);
  }

  static ObjectNode detail(String detail) {
    return object().put("detail", detail);
  }

  /** A value as JSON; numbers that JSON can't carry become null. */
  static JsonNode node(Value value) {
    if (value instanceof Value.Num num) {
      return Double.isFinite(num.value()) ? NODES.numberNode(num.value()) : NODES.nullNode();
    }
    if (value instanceof Value.Int whole) {
      return NODES.numberNode(whole.value());
    }
    if (value instanceof Value.Text text) {
      return NODES.textNode(text.value());
    }
    if (value instanceof Value.Bool bool) {
      return NODES.booleanNode(bool == Value.Bool.TRUE);
    }
    if (value instanceof Value.Items list) {
      ArrayNode array = NODES.arrayNode();
      list.items().forEach(item -> array.add(node(item)));
      return array;
    }
    if (value instanceof Value.Fields map) {
      ObjectNode object = object();
      map.fields().forEach((name, field) -> object.set(name, node(field)));
      return object;
    }
    return NODES.nullNode();
  }

  static ArrayNode texts(Iterable<String> texts) {
    ArrayNode array = NODES.arrayNode();
    texts.forEach(array::add);
    return array;
  }

  // ------------------------------------------------------------------ queue

  static ObjectNode item(QueueItem item) {
    ObjectNode object = object();
    item.fields()
        .fields()
        .forEach(
            (name, field) -> {
              if (!ADDED.contains(name)) {
                object.set(name, node(field));
              }
            });
    object.put("item_uid", item.uid().value());
    for (String name : List.of("properties", "result")) {
      if (item.fields().get(name) != null) {
        object.set(name, node(item.fields().get(name)));
      }
    }
    return object;
  }

  static ArrayNode items(List<QueueItem> items) {
    ArrayNode array = NODES.arrayNode();
    items.forEach(item -> array.add(item(item)));
    return array;
  }

  static ObjectNode ended(ScanQueueProtocol.EndedItem ended) {
    ObjectNode object = item(ended.item());
    object.set("result", result(ended.result()));
    return object;
  }

  private static ObjectNode result(ItemResult result) {
    ObjectNode object = object().put("exit_status", result.exitStatus());
    object.set("run_uids", texts(result.runs().stream().map(run -> run.value()).toList()));
    ArrayNode scanIds = object.putArray("scan_ids");
    result.scanIds().forEach(scanIds::add);
    return object
        .put("time_start", result.timeStart())
        .put("time_stop", result.timeStop())
        .put("msg", result.msg())
        .put("traceback", "");
  }

  static ObjectNode run(ScanQueueProtocol.RunView run) {
    return object()
        .put("uid", run.run().value())
        .put("scan_id", run.scanId())
        .put("is_open", run.open())
        .put("exit_status", run.exitStatus());
  }

  // ------------------------------------------------------------------ plans and devices

  static ObjectNode plan(PlanDescription plan) {
    ObjectNode object = object().put("name", plan.name());
    object.putObject("properties").put("is_generator", true);
    ArrayNode parameters = object.putArray("parameters");
    plan.parameters().forEach(parameter -> parameters.add(parameter(parameter)));
    object.put("module", "beamhive");
    putText(object, "description", plan.description());
    return object;
  }

  private static ObjectNode parameter(PlanDescription.Parameter parameter) {
    ObjectNode object = object().put("name", parameter.name());
    object
        .putObject("kind")
        .put("name", parameter.kind().name())
        .put("value", parameter.kind().number());
    putText(object, "description", parameter.description());
    if (parameter.annotation() != null) {
      object.putObject("annotation").put("type", parameter.annotation());
    }
    if (parameter.convertDevices()) {
      object.put("convert_device_names", true);
    }
    putText(object, "default", parameter.defaultText());
    if (parameter.min() != null) {
      object.put("min", parameter.min());
    }
    if (parameter.max() != null) {
      object.put("max", parameter.max());
    }
    return object;
  }

  /** A device as the queue server lists it. */
  static ObjectNode allowedDevice(DeviceView device) {
    return object()
        .put("classname", device.deviceClass())
        .put("is_flyable", device.can(Ability.FLYABLE))
        .put("is_movable", device.can(Ability.MOVABLE))
        .put("is_readable", device.can(Ability.READABLE))
        .put("module", "beamhive");
  }

  /** All that is known of a device. */
  static ObjectNode device(DeviceView device) {
    ObjectNode object =
        object()
            .put("name", device.name().value())
            .put("hutch", device.hutch().value())
            .put("node", device.node())
            .put("device_class", device.deviceClass())
            .put("description", device.description())
            .put("state", device.state().name().toLowerCase(Locale.ROOT))
            .put("connected", device.connected())
            .put("problem", device.problem());
    TreeSet<String> abilities = new TreeSet<>();
    device.abilities().forEach(ability -> abilities.add(ability.name().toLowerCase(Locale.ROOT)));
    object.set("abilities", texts(abilities));
    object
        .put("readout_priority", device.readoutPriority().word())
        .put("software_trigger", device.softwareTrigger());
    object.set("limits", limits(device.limits()));
    object.put("units", device.units()).put("precision", device.precision());
    object.set("hints", texts(device.hints()));
    object.set("tags", texts(device.tags()));
    object.put("read_only", device.readOnly());
    object.set("needs", texts(device.needs().stream().map(Object::toString).toList()));
    object.set("user_parameter", node(device.userParameter()));
    return object;
  }

  /** Why something was not done. */
  static ObjectNode refused(Refusal refusal) {
    return answer(false, refusal.text()).put("code", refusal.code());
  }

  /** All that a device tells of itself. */
  static ObjectNode details(DeviceDetails details) {
    ObjectNode answer = success();
    answer.set("device", device(details.view()));
    answer.put("held_by", details.heldBy());
    answer.set("methods", methods(details.methods()));
    answer.set("limits", limitsOf(details));
    ArrayNode calls = answer.putArray("calls");
    details.calls().forEach(call -> calls.add(call(call)));
    return answer;
  }

  static ObjectNode methods(DeviceDetails details) {
    ObjectNode answer = success().put("device", details.view().name().value());
    answer.set("methods", methods(details.methods()));
    return answer;
  }

  private static ArrayNode methods(List<DeviceDetails.Method> methods) {
    ArrayNode list = NODES.arrayNode();
    for (DeviceDetails.Method method : methods) {
      ObjectNode entry = list.addObject().put("name", method.name()).put("help", method.help());
      ArrayNode parameters = entry.putArray("parameters");
      for (DeviceDetails.Parameter parameter : method.parameters()) {
        parameters
            .addObject()
            .put("name", parameter.name())
            .put("takes", parameter.takes())
            .put("required", parameter.required())
            .put("help", parameter.help());
      }
    }
    return list;
  }

  static ObjectNode limits(DeviceDetails details) {
    ObjectNode answer = success().put("device", details.view().name().value());
    answer.setAll(limitsOf(details));
    return answer;
  }

  private static ObjectNode limitsOf(DeviceDetails details) {
    ObjectNode object = object();
    object.set("effective", limits(details.view().limits()));
    object.set("device_limits", limits(details.deviceLimits()));
    object.set("soft_limits", limits(details.softLimits()));
    object.put("units", details.view().units());
    ArrayNode changes = object.putArray("changes");
    for (DeviceDetails.LimitsChange change : details.limitChanges()) {
      ObjectNode entry = changes.addObject().put("time", change.time()).put("user", change.who());
      entry.set("before", limits(change.before()));
      entry.set("after", limits(change.after()));
    }
    return object;
  }

  private static JsonNode limits(Limits limits) {
    if (!limits.set()) {
      return NODES.nullNode();
    }
    ObjectNode object = object();
    object.set("low", node(Value.of(limits.low())));
    object.set("high", node(Value.of(limits.high())));
    return object;
  }

  static ObjectNode call(DeviceDetails.CallView call) {
    boolean ended = !Double.isNaN(call.ended());
    ObjectNode object =
        object()
            .put("call", call.id())
            .put("user", call.who())
            .put("what", call.what())
            .put("time_start", call.began())
            .put("ended", ended);
    object.set("time_stop", node(Value.of(call.ended())));
    object.set("result", node(call.result()));
    return object.put("code", call.code()).put("problem", call.problem());
  }

  /** A device as it is now, for those who follow it. */
  static ObjectNode update(DeviceProtocol.Update update) {
    ObjectNode object = device(update.view());
    object.put("held_by", update.heldBy());
    object.set("readings", readings(update.readings(), Map.of()));
    return object;
  }

  static ObjectNode dataKeys(Map<String, DataKey> keys) {
    return MAPPER.valueToTree(keys);
  }

  /** What a device has read, by data key. */
  static ObjectNode readings(DeviceProtocol.ReadDone read) {
    return readings(read.readings(), read.description().dataKeys());
  }

  static ObjectNode readings(List<Reading> readings, Map<String, DataKey> keys) {
    ObjectNode object = object();
    for (Reading reading : readings) {
      ObjectNode entry = object.putObject(reading.key());
      entry.set("value", node(reading.value()));
      entry.put("timestamp", reading.timestamp());
      entry.put("severity", reading.severity().name());
      DataKey key = keys.get(reading.key());
      if (key != null) {
        entry.put("units", key.units()).put("precision", key.precision());
        entry.set("choices", key.choices() == null ? null : texts(key.choices()));
      }
    }
    return object;
  }

  private static void putText(ObjectNode object, String name, String text) {
    if (text != null && !text.isEmpty()) {
      object.put(name, text);
    }
  }
}

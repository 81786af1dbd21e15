package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes an item of the queue from the words of a command line. Where the plan's declaration wants a
 * list of detectors, a single name becomes a list of one.
 */
final class PlanWords {
  private PlanWords() {}

  /**
   * The item.
   *
   * @param plan the plan's name
   * @param words {@code key=value} for arguments by name, anything else by position
   * @param declaration the plan's entry of {@code plans_allowed}, or a missing node
   */
  static ObjectNode item(String plan, List<String> words, JsonNode declaration) {
    ArrayNode args = ApiClient.JSON.createArrayNode();
    ObjectNode kwargs = ApiClient.object();
    for (String word : words) {
      if (word.matches("(?s)[A-Za-z_]\\w*=.*")) {
        int equals = word.indexOf('=');
        kwargs.set(word.substring(0, equals), Words.value(word.substring(equals + 1)));
      } else {
        args.add(Words.value(word));
      }
    }
    listsOfDetectors(args, kwargs, declaration.path("parameters"));
    ObjectNode item = ApiClient.object().put("item_type", "plan").put("name", plan);
    if (!args.isEmpty()) {
      item.set("args", args);
    }
    if (!kwargs.isEmpty()) {
      item.set("kwargs", kwargs);
    }
    return item;
  }

  private static void listsOfDetectors(ArrayNode args, ObjectNode kwargs, JsonNode parameters) {
    List<JsonNode> positional = new ArrayList<>();
    boolean before = true;
    for (JsonNode parameter : parameters) {
      before &= !parameter.at("/kind/name").asText().equals("VAR_POSITIONAL");
      if (before && parameter.at("/kind/name").asText().startsWith("POSITIONAL")) {
        positional.add(parameter);
      }
      String name = parameter.path("name").asText();
      if (wantsList(parameter) && kwargs.path(name).isTextual()) {
        kwargs.set(name, ApiClient.JSON.createArrayNode().add(kwargs.get(name)));
      }
    }
    for (int i = 0; i < Math.min(args.size(), positional.size()); i++) {
      if (wantsList(positional.get(i)) && args.get(i).isTextual()) {
        args.set(i, ApiClient.JSON.createArrayNode().add(args.get(i)));
      }
    }
  }

  private static boolean wantsList(JsonNode parameter) {
    return parameter
        .at("/annotation/type")
        .asText()
        .matches(".*(Sequence|List|list|Iterable)\\[__(READABLE|FLYABLE|DEVICE|MOVABLE)__].*");
  }
}

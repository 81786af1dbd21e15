package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads a word of the command line as a value: a number, true, false, none, a list ({@code a,b} or
 * {@code [a,b]}), JSON, else a text.
 */
final class Words {
  private static final String WHOLE = "[-+]?\\d+";
  private static final String NUMBER = "[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?";
  private static final ObjectReader JSON =
      ApiClient.JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Words() {}

  static boolean number(String word) {
    return word.matches(NUMBER);
  }

  static JsonNode value(String word) {
    String text = word.strip();
    if (text.matches(WHOLE)) {
      BigInteger whole = new BigInteger(text.startsWith("+") ? text.substring(1) : text);
      return whole.bitLength() < 64
          ? NODES.numberNode(whole.longValue())
          : NODES.numberNode(whole.doubleValue());
    }
    if (number(text)) {
      return NODES.numberNode(Double.parseDouble(text));
    }
    switch (text.toLowerCase(Locale.ROOT)) {
      case "true":
        return NODES.booleanNode(true);
      case "false":
        return NODES.booleanNode(false);
      case "none", "null":
        return NODES.nullNode();
      default:
        break;
    }
    if (text.matches("(?s)[\\[{\"].*")) {
      try {
        return JSON.readTree(text);
      } catch (JsonProcessingException e) {
        if (parts(text).size() == 1) {
          return text.matches("(?s)\\[.*]")
              ? list(text.substring(1, text.length() - 1))
              : NODES.textNode(word);
        }
      }
    }
    return text.contains(",") ? list(text) : NODES.textNode(word);
  }

  private static ArrayNode list(String text) {
    ArrayNode list = NODES.arrayNode();
    for (String part : parts(text)) {
      list.add(value(part));
    }
    return list;
  }

  /** The parts between the commas outside brackets; a last empty one counts not. */
  private static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '[' || c == '{') {
        depth++;
      } else if (c == ']' || c == '}') {
        depth--;
      } else if (c == ',' && depth == 0) {
        parts.add(text.substring(from, i));
        from = i + 1;
      }
    }
    if (!text.substring(from).isBlank()) {
      parts.add(text.substring(from));
    }
    return parts;
  }
}

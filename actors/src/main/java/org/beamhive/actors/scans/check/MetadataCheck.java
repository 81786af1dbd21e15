package org.beamhive.actors.scans.check;

import java.util.List;
import org.beamhive.protocol.model.Value;

/** What may go into a start document: the rules of the event model's schema. */
final class MetadataCheck {
  private static final List<String> RESERVED = List.of("uid", "time", "scan_id");
  private static final List<String> TEXTS = List.of("owner", "group", "project");

  private MetadataCheck() {}

  static void check(String argument, Value.Fields metadata) throws Refused {
    for (String key : metadata.fields().keySet()) {
      if (RESERVED.contains(key)) {
        throw Refused.argument(
            "bad-argument",
            argument,
            "'" + key + "' is given by the run itself and can't be set, choose another key");
      }
    }
    for (String key : TEXTS) {
      Value value = metadata.get(key);
      if (value != null && !(value instanceof Value.Text)) {
        throw Refused.argument(
            "wrong-type", argument, "'" + key + "' must be a text, not " + value.shown());
      }
    }
    Value sample = metadata.get("sample");
    if (sample != null && !(sample instanceof Value.Text) && !(sample instanceof Value.Fields)) {
      throw Refused.argument(
          "wrong-type", argument, "'sample' must be a text or a map, not " + sample.shown());
    }
    Value hints = metadata.get("hints");
    if (hints != null && !(hints instanceof Value.Fields)) {
      throw Refused.argument("wrong-type", argument, "'hints' must be a map, not " + hints.shown());
    }
    keys(argument, metadata);
  }

  private static void keys(String argument, Value value) throws Refused {
    if (value instanceof Value.Items list) {
      for (Value item : list.items()) {
        keys(argument, item);
      }
    } else if (value instanceof Value.Fields map) {
      for (var field : map.fields().entrySet()) {
        if (field.getKey().contains(".") || field.getKey().contains("/")) {
          throw Refused.argument(
              "bad-argument",
              argument,
              "the key '" + field.getKey() + "' must not contain '.' or '/'");
        }
        keys(argument, field.getValue());
      }
    }
  }
}

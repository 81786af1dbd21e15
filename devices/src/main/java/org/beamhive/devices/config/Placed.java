package org.beamhive.devices.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.Value;

/**
 * A value and where it stands, so that what is wrong with it can be told with file and line.
 *
 * @param text a scalar as it is written, for what is a text whatever it looks like; else "?"
 * @param fields of a map, in order and with those that are given twice; null if it is none
 * @param items of a list; null if it is none
 * @param included whether it is the content of another file
 */
record Placed(
    Place place,
    String text,
    Value value,
    List<Field> fields,
    List<Placed> items,
    boolean included) {
  /** A field of a map. */
  record Field(String name, Place place, Placed value) {}

  boolean map() {
    return fields != null;
  }

  /** Whether it stands for the devices of other files, not for a device. */
  boolean devicesOfFiles() {
    return included
        || (items != null && !items.isEmpty() && items.stream().allMatch(Placed::included));
  }

  static Placed scalar(Place place, String text, Value value) {
    return new Placed(place, text, value, null, null, false);
  }

  static Placed list(Place place, List<Placed> items) {
    return new Placed(
        place, "?", Value.of(items.stream().map(Placed::value).toList()), null, items, false);
  }

  static Placed map(Place place, List<Field> fields) {
    Map<String, Value> values = new LinkedHashMap<>();
    fields.forEach(field -> values.put(field.name(), field.value().value()));
    return new Placed(place, "?", new Value.Fields(values), fields, null, false);
  }

  /** This, as the content of another file. */
  Placed asIncluded() {
    return new Placed(place, text, value, fields, items, true);
  }

  /** A value that does not come from a file. */
  static Placed of(Value value) {
    if (value instanceof Value.Fields map) {
      List<Field> fields = new ArrayList<>();
      map.fields().forEach((name, each) -> fields.add(new Field(name, Place.NOWHERE, of(each))));
      return map(Place.NOWHERE, fields);
    }
    if (value instanceof Value.Items list) {
      return list(Place.NOWHERE, list.items().stream().map(Placed::of).toList());
    }
    String text = value instanceof Value.Text given ? given.value() : value.shown();
    return scalar(Place.NOWHERE, text, value);
  }
}

package org.beamhive.actors.filewriter.nexus;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/**
 * The default plot, {@code /entry/data}: links to what was scanned and what was measured.
 *
 * <p>The first hinted field of the detectors is the signal, the others of its shape are auxiliary.
 * A scan along one dimension has its axis; a grid is kept as the list of its points, so that its
 * motors are only linked.
 */
final class PlotData {
  private record Field(Column column, String path) {}

  private final Group data;
  private final Set<String> motors;
  private final Set<String> detectors;
  private final List<List<String>> dimensions;
  private final Map<String, Field> fields = new LinkedHashMap<>();
  private final Set<String> measured = new LinkedHashSet<>();
  private final Set<String> linked = new HashSet<>();

  PlotData(Group data, Value.Fields metadata) {
    this.data = data;
    this.motors = names(metadata.get("motors"));
    this.detectors = names(metadata.get("detectors"));
    this.dimensions =
        metadata.get("hints") instanceof Value.Fields hints
            ? dimensions(hints.get("dimensions"))
            : List.of();
  }

  /** Whether the scan itself names the device. */
  boolean scanned(DeviceName device) {
    return motors.contains(device.value()) || detectors.contains(device.value());
  }

  /** A signal of the primary stream. */
  void offer(DeviceDescription device, String key, Column column, String path) {
    fields.put(key, new Field(column, path));
    String name = device.name().value();
    boolean detector = detectors.isEmpty() ? !motors.contains(name) : detectors.contains(name);
    if (detector && device.hints().contains(key) && column.numeric()) {
      measured.add(key);
    }
  }

  /** Makes the plot of what was offered. */
  void show() {
    if (measured.isEmpty()) {
      return;
    }
    String signal = measured.iterator().next();
    Column shown = fields.get(signal).column();
    List<String> auxiliary = new ArrayList<>();
    for (String key : measured) {
      link(key);
      if (!key.equals(signal) && fields.get(key).column().sameShape(shown)) {
        auxiliary.add(Names.safe(key));
      }
    }
    data.attribute("signal", Names.safe(signal));
    if (!auxiliary.isEmpty()) {
      data.attribute("auxiliary_signals", auxiliary);
    }
    axes(shown.rank());
  }

  private void axes(int rank) {
    String axis = null;
    for (List<String> dimension : dimensions) {
      for (String key : dimension) {
        if (link(key)) {
          axis = axis == null ? Names.safe(key) : axis;
          data.attribute(Names.safe(key) + "_indices", 0L);
        }
      }
    }
    if (axis != null && dimensions.size() == 1) {
      List<String> axes = new ArrayList<>(List.of(axis));
      while (axes.size() < rank) {
        axes.add(".");
      }
      data.attribute("axes", axes);
    }
  }

  private boolean link(String key) {
    Field field = fields.get(key);
    if (field == null && !key.equals("time")) {
      return false;
    }
    if (linked.add(key)) {
      data.softLink(
          Names.safe(key),
          field == null ? RunFile.STREAMS + "/" + NexusLayout.PRIMARY + "/time" : field.path());
    }
    return true;
  }

  private static Set<String> names(Value value) {
    return new HashSet<>(texts(value));
  }

  private static List<String> texts(Value value) {
    List<String> texts = new ArrayList<>();
    if (value instanceof Value.Items items) {
      for (Value item : items.items()) {
        if (item instanceof Value.Text text) {
          texts.add(text.value());
        }
      }
    }
    return texts;
  }

  /** The fields of each dimension: the event model's {@code [[[field, ...], stream], ...]}. */
  private static List<List<String>> dimensions(Value value) {
    List<List<String>> dimensions = new ArrayList<>();
    if (value instanceof Value.Items items) {
      for (Value dimension : items.items()) {
        if (dimension instanceof Value.Items pair && pair.items().size() == 2) {
          dimensions.add(texts(pair.items().get(0)));
        }
      }
    }
    return dimensions;
  }
}

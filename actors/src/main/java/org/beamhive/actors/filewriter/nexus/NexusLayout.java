package org.beamhive.actors.filewriter.nexus;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.actors.filewriter.hdf5.ScanFile;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * BEC's NeXus lay-out. What is measured is under {@code /entry/collection/devices}; everything else
 * that shows it links there. See docs/reference/file-layout.md.
 */
public final class NexusLayout implements RunLayout {
  static final String PRIMARY = "primary";
  static final String BASELINE = "baseline";

  private static final int LARGEST_CHUNK = 1024;
  private static final int BASELINE_CHUNK = 2;
  private static final Set<String> PLAN_FIELDS =
      Set.of(
          "plan_name",
          "plan_type",
          "plan_args",
          "plan_pattern",
          "plan_pattern_module",
          "plan_pattern_args",
          "motors",
          "detectors",
          "num_points",
          "num_intervals",
          "hints");

  /** All columns of a stream, and how many events it has. */
  private static final class Rows {
    private final Map<String, Column> columns = new HashMap<>();
    private long count;
  }

  /** The columns of a descriptor, in the order of its readings. */
  private record Columns(Rows rows, List<String> keys, List<Column> columns) {}

  private final RunStart start;
  private final Group entry;
  private final Group devices;
  private final Group bec;
  private final PlotData plot;
  private final DeviceFiles files;
  private final Map<String, Columns> byDescriptor = new HashMap<>();
  private final Map<String, Rows> byStream = new HashMap<>();
  private final Set<String> places = new HashSet<>();
  private final Set<String> readoutLinks = new HashSet<>();

  /** Files with this lay-out. */
  public static RunLayout.Maker of(Facility facility) {
    return (file, start) -> new NexusLayout(file, start, facility);
  }

  private NexusLayout(ScanFile file, RunStart start, Facility facility) {
    this.start = start;
    this.entry = file.root().group("entry");
    Group collection = entry.group("collection").attribute("NX_class", "NXcollection");
    this.devices = collection.group("devices").attribute("NX_class", "NXcollection");
    Group metadata = collection.group("metadata").attribute("NX_class", "NXcollection");
    this.bec = metadata.group("bec");
    Group data = entry.group("data").attribute("NX_class", "NXdata");
    this.files = new DeviceFiles(collection, file.path().toAbsolutePath().getParent());
    this.plot = new PlotData(data, start.metadata());
    collection.group("configuration").attribute("NX_class", "NXcollection");
    Group groups = collection.group("readout_groups").attribute("NX_class", "NXcollection");
    groups.group(BASELINE);
    groups.group("monitored");
    file.root().attribute("default", "entry");
    entry(facility);
    metadata(metadata);
  }

  // ------------------------------------------------------------------ start

  private void entry(Facility facility) {
    String startTime = iso(start.time());
    entry.attribute("default", "data").attribute("version", "1.0");
    entry.attribute("start_time", startTime).dataset("start_time", startTime);
    entry
        .dataset("program_name", "Beamhive")
        .attribute(
            "version", String.valueOf(NexusLayout.class.getPackage().getImplementationVersion()));
    String title = start.metadata().text("title");
    entry.dataset("title", title == null ? "scan " + start.scanId() : title);
    Group user = entry.group("user").attribute("NX_class", "NXuser");
    person(user, start.metadata());
    entry.group("control").attribute("NX_class", "NXmonitor").dataset("mode", "monitor");
    sample(entry.group("sample").attribute("NX_class", "NXsample"));
    Group instrument = entry.group("instrument").attribute("NX_class", "NXinstrument");
    text(instrument, "name", facility.instrument());
    Group source = instrument.group("source").attribute("NX_class", "NXsource");
    text(source, "type", facility.sourceType());
    text(source, "name", facility.sourceName());
    text(source, "probe", facility.probe());
  }

  private static void person(Group user, Value.Fields metadata) {
    for (String field : List.of("user", "owner", "operator")) {
      if (metadata.get(field) instanceof Value.Fields details) {
        Values.put(user.group("details"), field, details);
        text(user, "name", details.text("name"));
        return;
      } else if (metadata.text(field) != null) {
        text(user, "name", metadata.text(field));
        return;
      }
    }
  }

  private void sample(Group sample) {
    Value.Fields metadata = start.metadata();
    if (metadata.get("sample") instanceof Value.Fields details) {
      details.fields().forEach((name, value) -> Values.put(sample, name, value));
    } else {
      String name = metadata.text("sample");
      text(sample, "name", name == null ? metadata.text("sample_name") : name);
      text(sample, "description", metadata.text("sample_description"));
    }
  }

  private void metadata(Group metadata) {
    bec.dataset("scan_id", start.uid());
    bec.dataset("scan_number", start.scanId());
    bec.dataset("status", "open");
    Value.Fields fields = start.metadata();
    text(bec, "scan_name", fields.text("plan_name"));
    if (fields.get("motors") != null) {
      Values.put(bec, "scan_motors", fields.get("motors"));
    }
    metadata.dataset("start_time", iso(start.time()));
    fields
        .fields()
        .forEach(
            (name, value) -> Values.put(PLAN_FIELDS.contains(name) ? bec : metadata, name, value));
  }

  // ------------------------------------------------------------------ streams

  @Override
  public void describe(EventDescriptor descriptor) {
    Rows rows = byStream.computeIfAbsent(descriptor.name(), name -> new Rows());
    List<String> keys = new ArrayList<>();
    List<Column> inOrder = new ArrayList<>();
    for (DeviceDescription device : descriptor.devices()) {
      configuration(device);
      readoutGroup(descriptor.name(), device.name());
      for (Map.Entry<String, DataKey> key : device.dataKeys().entrySet()) {
        if (key.getValue().external() != null) {
          external(descriptor, device.name(), key.getKey(), key.getValue());
          continue;
        }
        Column column = rows.columns.get(key.getKey());
        if (column == null) {
          column = column(descriptor.name(), device, key.getKey(), key.getValue());
          rows.columns.put(key.getKey(), column);
        }
        keys.add(key.getKey());
        inOrder.add(column);
      }
    }
    byDescriptor.put(descriptor.uid(), new Columns(rows, keys, inOrder));
    if (descriptor.name().equals(PRIMARY)) {
      plot.show();
    }
  }

  private void external(
      EventDescriptor descriptor, DeviceName device, String key, DataKey description) {
    String stream = descriptor.name();
    if (!files.knows(stream, key)) {
      Group group = devices.group(Names.safe(device.value()));
      Group signal =
          group
              .attribute("NX_class", "NXcollection")
              .group(signalName(stream, device, key))
              .attribute("NX_class", "NXdata");
      files.describe(stream, device, key, description, signal);
    }
    files.descriptor(descriptor);
  }

  private Column column(String stream, DeviceDescription device, String key, DataKey description) {
    Group group = devices.group(Names.safe(device.name().value()));
    String name = signalName(stream, device.name(), key);
    Group signal =
        group
            .attribute("NX_class", "NXcollection")
            .group(name)
            .attribute("NX_class", "NXdata")
            .attribute("signal", "value");
    Column column = new Column(signal, key, description, scalarsPerChunk(stream));
    if (stream.equals(PRIMARY)) {
      plot.offer(device, key, column, signal.path() + "/value");
    }
    return column;
  }

  /**
   * The name of a signal's group. A device that is read in several streams has the plain name where
   * it belongs to the scan, and the stream's name added elsewhere.
   */
  private String signalName(String stream, DeviceName device, String key) {
    String plain = Names.safe(key);
    boolean elsewhere = !stream.equals(PRIMARY) && plot.scanned(device);
    String name = elsewhere ? Names.safe(key + "_" + stream) : plain;
    if (!places.add(device + "/" + name)) {
      name = Names.safe(key + "_" + stream);
      for (int i = 2; !places.add(device + "/" + name); i++) {
        name = Names.safe(key + "_" + stream + "_" + i);
      }
    }
    return name;
  }

  private int scalarsPerChunk(String stream) {
    if (stream.equals(BASELINE)) {
      return BASELINE_CHUNK;
    }
    return start.metadata().get("num_points") instanceof Value.Int count
        ? (int) Math.max(1, Math.min(LARGEST_CHUNK, count.value()))
        : LARGEST_CHUNK;
  }

  private void configuration(DeviceDescription device) {
    if (device.configuration().isEmpty()) {
      return;
    }
    Group configuration = entry.group("collection").group("configuration");
    Group group = configuration.group(Names.safe(device.name().value()));
    for (Reading reading : device.configuration()) {
      Group signal = group.group(Names.safe(reading.key()));
      Values.put(signal, "value", reading.value());
      signal.dataset("timestamp", reading.timestamp()).attribute("units", "s");
      DataKey key = device.configurationKeys().get(reading.key());
      if (key != null && key.units() != null) {
        signal.attribute("units", key.units());
      }
    }
  }

  private void readoutGroup(String stream, DeviceName device) {
    String name = Names.safe(device.value());
    String readout = stream.equals(PRIMARY) ? "monitored" : Names.safe(stream);
    if (readoutLinks.add(readout + "/" + name)) {
      Group group = entry.group("collection").group("readout_groups").group(readout);
      group.softLink(name, devices.path() + "/" + name);
    }
  }

  // ------------------------------------------------------------------ events and stop

  @Override
  public void add(Event event) throws IOException {
    Columns columns = byDescriptor.get(event.descriptor());
    if (columns == null) {
      throw new IllegalStateException(
          "event " + event.seqNum() + " has no descriptor " + event.descriptor());
    }
    long row = event.seqNum() - 1;
    List<Reading> readings = event.readings();
    for (int i = 0; i < readings.size(); i++) {
      Reading reading = readings.get(i);
      Column column =
          i < columns.keys().size() && columns.keys().get(i).equals(reading.key())
              ? columns.columns().get(i)
              : columns.rows().columns.get(reading.key());
      if (column != null) {
        column.put(row, reading.value(), reading.timestamp());
      }
    }
    columns.rows().count = event.seqNum();
    files.add(event);
  }

  @Override
  public void refer(AssetDocument document) throws IOException {
    files.refer(document);
  }

  @Override
  public boolean treeChanged() {
    return files.treeChanged();
  }

  @Override
  public void stop(RunStop stop) throws IOException {
    for (Map.Entry<String, Rows> each : byStream.entrySet()) {
      files.fill(each.getKey(), each.getValue().count);
    }
    for (Rows rows : byStream.values()) {
      for (Column column : rows.columns.values()) {
        column.fill(rows.count);
      }
    }
    Rows primary = byStream.get(PRIMARY);
    String endTime = iso(stop.time());
    entry.attribute("end_time", endTime).dataset("end_time", endTime);
    entry.group("collection").group("metadata").dataset("end_time", endTime);
    entry.dataset("exit_status", stop.exitStatus());
    entry.dataset("reason", stop.reason() == null ? "" : stop.reason());
    entry.dataset("num_points", primary == null ? 0 : primary.count);
    bec.dataset("exit_status", stop.exitStatus());
    bec.dataset("reason", stop.reason() == null ? "" : stop.reason());
    bec.dataset("status", becStatus(stop.exitStatus()));
  }

  private static String becStatus(String exitStatus) {
    return switch (exitStatus) {
      case "success" -> "closed";
      case "abort" -> "aborted";
      default -> "halted";
    };
  }

  private static void text(Group group, String name, String text) {
    if (text != null && !text.isEmpty()) {
      group.dataset(name, text);
    }
  }

  private static String iso(double time) {
    long seconds = (long) Math.floor(time);
    return Instant.ofEpochSecond(seconds, Math.round((time - seconds) * 1e6) * 1000)
        .atZone(ZoneId.systemDefault())
        .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
  }
}

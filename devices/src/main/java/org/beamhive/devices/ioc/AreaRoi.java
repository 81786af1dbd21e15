package org.beamhive.devices.ioc;

import java.util.function.Consumer;

/** NDPluginROI: hands a part of each frame on, under its own port. */
final class AreaRoi extends AreaPlugin {
  private final String port;
  private final Axis x;
  private final Axis y;

  /** The setting of one axis; the third is that of colours, which are never cut. */
  private record Axis(
      AreaRecords.Setting min,
      AreaRecords.Setting size,
      AreaRecords.Setting bin,
      AreaRecords.Setting enabled) {
    static Axis of(AreaRecords records, String name, int size) {
      return new Axis(
          records.whole("Min" + name, 0),
          records.whole("Size" + name, size),
          records.whole("Bin" + name, 1),
          records.choice("Enable" + name, 1, "Disable", "Enable"));
    }

    int begin() {
      return enabled.on() ? min.whole() : 0;
    }

    int length(int all) {
      return enabled.on() ? size.whole() : all;
    }

    int together() {
      return enabled.on() ? bin.whole() : 1;
    }
  }

  AreaRoi(
      String prefix,
      String port,
      String source,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, "NDPluginROI", source, port, server, later, ports);
    this.port = port;
    x = Axis.of(records, "X", 32);
    y = Axis.of(records, "Y", 24);
    Axis.of(records, "Z", 1);
    records.choice("EnableScale", 0, "Disable", "Enable");
    records.number("Scale", 1, "");
  }

  @Override
  protected void process(AreaFrame frame) {
    publish(
        port,
        frame
            .region(x.begin(), y.begin(), x.length(frame.width()), y.length(frame.height()))
            .binned(x.together(), y.together()));
  }
}

package org.beamhive.devices.ioc;

import java.util.function.Consumer;

/** NDPluginROI: hands a part of each frame on, under its own port. */
final class AreaRoi extends AreaPlugin {
  private final String port;
  private final AreaRecords.Setting minX;
  private final AreaRecords.Setting minY;
  private final AreaRecords.Setting sizeX;
  private final AreaRecords.Setting sizeY;

  AreaRoi(
      String prefix,
      String port,
      String source,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, "NDPluginROI", source, server, later, ports);
    this.port = port;
    minX = records.whole("MinX", 0);
    minY = records.whole("MinY", 0);
    sizeX = records.whole("SizeX", 32);
    sizeY = records.whole("SizeY", 24);
  }

  @Override
  protected void process(AreaFrame frame) {
    publish(port, frame.region(minX.whole(), minY.whole(), sizeX.whole(), sizeY.whole()));
  }
}

package org.beamhive.devices.ioc;

import java.util.function.Consumer;

/** NDPluginProcess: scale and offset, handed on under its own port. */
final class AreaProcess extends AreaPlugin {
  private final String port;
  private final AreaRecords.Setting enable;
  private final AreaRecords.Setting scale;
  private final AreaRecords.Setting offset;

  AreaProcess(
      String prefix,
      String port,
      String source,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, "NDPluginProcess", source, server, later, ports);
    this.port = port;
    enable = records.choice("EnableOffsetScale", 0, "Disable", "Enable");
    scale = records.number("Scale", 1, "");
    offset = records.number("Offset", 0, "counts");
  }

  @Override
  protected void process(AreaFrame frame) {
    publish(port, enable.on() ? frame.scaled(scale.number(), offset.number()) : frame);
  }
}

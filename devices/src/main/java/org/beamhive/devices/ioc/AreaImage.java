package org.beamhive.devices.ioc;

import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.Arrays;
import java.util.function.Consumer;

/** NDPluginStdArrays: the newest frame as a waveform, {@code ArrayData}. */
final class AreaImage extends AreaPlugin {
  private final ServedPv data;
  private final int length;

  AreaImage(
      String prefix,
      String source,
      int length,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, "NDPluginStdArrays", source, "IMAGE1", server, later, ports);
    this.length = length;
    data =
        records.add(ServedPv.array(prefix + "ArrayData", DBRType.INT, new int[length]).readOnly());
  }

  @Override
  protected void process(AreaFrame frame) {
    int[] pixels = new int[Math.min(length, frame.pixels().length)];
    for (int at = 0; at < pixels.length; at++) {
      pixels[at] = frame.pixel(at);
    }
    data.post(Arrays.copyOf(pixels, length), Status.NO_ALARM, Severity.NO_ALARM);
  }
}

package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import java.util.function.Consumer;

/**
 * NDPluginProcess: background, flat field, scale and offset, and the recursive average of NumFilter
 * frames, handed on under its own port.
 */
final class AreaProcess extends AreaPlugin {
  private final String port;
  private final Correction background;
  private final Correction flatField;
  private final AreaRecords.Setting flatScale;
  private final AreaRecords.Setting filter;
  private final AreaRecords.Setting numFilter;
  private volatile AreaFrame newest;
  private double[] average = {};
  private int averaged;
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
    super(prefix, "NDPluginProcess", source, port, server, later, ports);
    this.port = port;
    background = new Correction("Background");
    flatField = new Correction("FlatField");
    flatScale = records.number("ScaleFlatField", 255, "counts");
    filter = records.choice("EnableFilter", 0, "Disable", "Enable");
    numFilter = records.whole("NumFilter", 1);
    enable = records.choice("EnableOffsetScale", 0, "Disable", "Enable");
    scale = records.number("Scale", 1, "");
    offset = records.number("Offset", 0, "counts");
  }

  /** A frame that is saved, and what it is then used for. */
  private final class Correction {
    private final AreaRecords.Setting on;
    private volatile AreaFrame saved;

    Correction(String name) {
      on = records.choice("Enable" + name, 0, "Disable", "Enable");
      ServedPv valid =
          ServedPv.choice(records.prefix() + "Valid" + name + "_RBV", 0, "Invalid", "Valid")
              .readOnly();
      records.add(valid);
      records.add(
          ServedPv.choice(records.prefix() + "Save" + name, 0, "Done", "Save")
              .onPut(
                  (to, done) -> {
                    saved = newest;
                    valid.post(saved == null ? 0 : 1);
                    return CAStatus.NORMAL;
                  }));
    }

    /** The saved frame if it is to be used for one like this. */
    AreaFrame of(AreaFrame frame) {
      AreaFrame known = saved;
      return on.on() && known != null && known.like(frame) ? known : null;
    }
  }

  @Override
  protected void process(AreaFrame frame) {
    newest = frame;
    AreaFrame next = frame;
    AreaFrame dark = background.of(frame);
    if (dark != null) {
      next = frame.with(at -> frame.pixel(at) - dark.pixel(at));
    }
    AreaFrame flat = flatField.of(frame);
    if (flat != null) {
      AreaFrame uncorrected = next;
      next =
          next.with(at -> uncorrected.pixel(at) * flatScale.number() / Math.max(1, flat.pixel(at)));
    }
    if (enable.on()) {
      AreaFrame unscaled = next;
      next = next.with(at -> unscaled.pixel(at) * scale.number() + offset.number());
    }
    publish(port, filter.on() ? averaged(next) : next);
  }

  private AreaFrame averaged(AreaFrame frame) {
    if (average.length != frame.pixels().length) {
      average = new double[frame.pixels().length];
      averaged = 0;
    }
    averaged = Math.min(averaged + 1, Math.max(1, numFilter.whole()));
    for (int at = 0; at < average.length; at++) {
      average[at] += (frame.pixel(at) - average[at]) / averaged;
    }
    return frame.with(at -> average[at]);
  }
}

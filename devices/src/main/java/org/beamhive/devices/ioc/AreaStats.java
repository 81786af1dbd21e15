package org.beamhive.devices.ioc;

import java.util.function.Consumer;

/** NDPluginStats: sum, extremes, mean, spread and centre of each frame. */
final class AreaStats extends AreaPlugin {
  private final ServedPv total;
  private final ServedPv min;
  private final ServedPv max;
  private final ServedPv mean;
  private final ServedPv sigma;
  private final ServedPv centroidX;
  private final ServedPv centroidY;
  private final AreaRecords.Setting computeStatistics;
  private final AreaRecords.Setting computeCentroid;

  AreaStats(
      String prefix,
      String source,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, "NDPluginStats", source, "STATS1", server, later, ports);
    computeStatistics = records.choice("ComputeStatistics", 1, "No", "Yes");
    computeCentroid = records.choice("ComputeCentroid", 0, "No", "Yes");
    total = value("Total_RBV", "counts");
    min = value("MinValue_RBV", "counts");
    max = value("MaxValue_RBV", "counts");
    mean = value("MeanValue_RBV", "counts");
    sigma = value("Sigma_RBV", "counts");
    centroidX = value("CentroidX_RBV", "pixels");
    centroidY = value("CentroidY_RBV", "pixels");
  }

  private ServedPv value(String name, String units) {
    ServedPv pv = ServedPv.number(records.prefix() + name, 0).units(units, 2).readOnly();
    return records.add(pv);
  }

  @Override
  protected void process(AreaFrame frame) {
    double sum = 0;
    double squares = 0;
    double alongX = 0;
    double alongY = 0;
    int lowest = 0xFFFF;
    int highest = 0;
    for (int at = 0; at < frame.pixels().length; at++) {
      int pixel = frame.pixel(at);
      sum += pixel;
      squares += (double) pixel * pixel;
      alongX += (double) pixel * (at / frame.colours() % frame.width());
      alongY += (double) pixel * (at / frame.colours() / frame.width());
      lowest = Math.min(lowest, pixel);
      highest = Math.max(highest, pixel);
    }
    int count = frame.pixels().length;
    if (computeStatistics.on()) {
      total.post(sum);
      min.post(lowest);
      max.post(highest);
      mean.post(sum / count);
      sigma.post(Math.sqrt(Math.max(0, squares / count - Math.pow(sum / count, 2))));
    }
    if (computeCentroid.on() && sum > 0) {
      centroidX.post(alongX / sum);
      centroidY.post(alongY / sum);
    }
  }
}

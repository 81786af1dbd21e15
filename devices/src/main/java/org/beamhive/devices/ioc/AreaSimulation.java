package org.beamhive.devices.ioc;

import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * An area detector as areaDetector's IOCs have it: {@code cam1} and the plugins {@code image1,
 * ROI1, Proc1, Stats1, HDF1, TIFF1}, all listening to the camera at first.
 */
final class AreaSimulation implements AutoCloseable {
  private static final String CAM = "SIM1";
  private static final int IMAGE_PIXELS = 128 * 128;

  private final AreaFilePlugin hdf5;
  private final AreaFilePlugin tiff;

  /**
   * Makes all records.
   *
   * @param prefix before {@code cam1:} and the plugins
   * @param brightness what the camera sees in so many seconds, 0 to about 1 a second
   */
  AreaSimulation(
      String prefix,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      DoubleUnaryOperator brightness) {
    AreaPorts ports = new AreaPorts();
    new AreaCam(prefix + "cam1:", server, later, ports, brightness);
    ports.add(new AreaImage(prefix + "image1:", CAM, IMAGE_PIXELS, server, later, ports));
    ports.add(new AreaRoi(prefix + "ROI1:", "ROI1", CAM, server, later, ports));
    ports.add(new AreaProcess(prefix + "Proc1:", "PROC1", CAM, server, later, ports));
    ports.add(new AreaStats(prefix + "Stats1:", CAM, server, later, ports));
    hdf5 =
        new AreaFilePlugin(
            prefix + "HDF1:",
            "NDFileHDF5",
            CAM,
            "HDF1",
            "%s%s_%6.6d.h5",
            new AreaHdf5(),
            server,
            later,
            ports);
    tiff =
        new AreaFilePlugin(
            prefix + "TIFF1:",
            "NDFileTIFF",
            CAM,
            "TIFF1",
            "%s%s_%6.6d.tiff",
            new AreaTiff(),
            server,
            later,
            ports);
    ports.add(hdf5);
    ports.add(tiff);
  }

  @Override
  public void close() {
    hdf5.close();
    tiff.close();
  }
}

package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * What a client sees of areaDetector's ADSimDetector: a spot as bright as what it looks at. Like
 * the real one, a put to Acquire completes when all frames are taken and, if WaitForPlugins says
 * so, worked off; AcquireBusy shows the same.
 *
 * <p>With TriggerMode External a frame is taken for each put to {@code TriggerPulse}, which stands
 * for the cable.
 */
final class AreaCam {
  private static final String PORT = "SIM1";
  private static final int SINGLE = 0;
  private static final int CONTINUOUS = 2;
  private static final int IDLE = 0;
  private static final int ACQUIRING = 1;
  private static final int WAITING = 7;
  static final int MONO = 0;
  static final int RGB1 = 2;
  private static final String[] COLOURS = {
    "Mono", "Bayer", "RGB1", "RGB2", "RGB3", "YUV444", "YUV422", "YUV421"
  };
  private static final double SHORTEST_PERIOD = 1e-3;

  private final AreaPorts ports;
  private final CounterRecords.Later later;
  private final DoubleUnaryOperator brightness;
  private final ServedPv acquire;
  private final ServedPv acquireReadback;
  private final ServedPv acquireBusy;
  private final ServedPv state;
  private final ServedPv arrayCounter;
  private final ServedPv imagesCounter;
  private final AreaRecords.Setting waitForPlugins;
  private final AreaRecords.Setting imageMode;
  private final AreaRecords.Setting triggerMode;
  private final AreaRecords.Setting colorMode;
  private final AreaRecords.Setting numImages;
  private final AreaRecords.Setting numExposures;
  private final AreaRecords.Setting acquireTime;
  private final AreaRecords.Setting acquirePeriod;
  private final AreaRecords.Setting sizeX;
  private final AreaRecords.Setting sizeY;
  private final AreaRecords.Setting arrayCallbacks;
  private final ServedPv arraySizeX;
  private final ServedPv arraySizeY;
  private List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private boolean acquiring;
  private int acquisition;
  private int taken;
  private int uniqueId;

  /**
   * A camera.
   *
   * @param brightness what it sees in so many seconds, 0 to about 1 a second
   */
  AreaCam(
      String prefix,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports,
      DoubleUnaryOperator brightness) {
    this.ports = ports;
    this.later = later;
    this.brightness = brightness;
    AreaRecords records = new AreaRecords(prefix, server);
    acquire = ServedPv.choice(prefix + "Acquire", 0, "Done", "Acquire").onPut(this::put);
    records.add(acquire);
    acquireReadback = shown(records, "Acquire_RBV", "Done", "Acquiring");
    acquireBusy = shown(records, "AcquireBusy", "Done", "Acquiring");
    state =
        shown(
            records,
            "DetectorState_RBV",
            "Idle",
            "Acquire",
            "Readout",
            "Correct",
            "Saving",
            "Aborting",
            "Error",
            "Waiting",
            "Initializing",
            "Disconnected",
            "Aborted");
    waitForPlugins = records.lone(ServedPv.choice(prefix + "WaitForPlugins", 0, "No", "Yes"), 0);
    imageMode = records.choice("ImageMode", CONTINUOUS, "Single", "Multiple", "Continuous");
    triggerMode = records.choice("TriggerMode", 0, "Internal", "External");
    colorMode = records.choice("ColorMode", MONO, COLOURS);
    numImages = records.whole("NumImages", 1);
    numExposures = records.whole("NumExposures", 1);
    acquireTime = records.number("AcquireTime", 0.005, "s");
    acquirePeriod = records.number("AcquirePeriod", 0.005, "s");
    sizeX = records.whole("SizeX", 64, this::sizeX);
    sizeY = records.whole("SizeY", 48, this::sizeY);
    arraySizeX = records.count("ArraySizeX_RBV", sizeX.whole());
    arraySizeY = records.count("ArraySizeY_RBV", sizeY.whole());
    arrayCallbacks = records.choice("ArrayCallbacks", 0, "Disable", "Enable");
    ServedPv counter = ServedPv.whole(prefix + "ArrayCounter_RBV", 0).readOnly();
    arrayCounter = records.add(counter);
    records.add(
        ServedPv.whole(prefix + "ArrayCounter", 0)
            .onPut(
                (to, done) -> {
                  counter.post(((int[]) to)[0]);
                  return CAStatus.NORMAL;
                }));
    imagesCounter = records.count("NumImagesCounter_RBV", 0);
    records.add(dataType(prefix + "DataType_RBV").readOnly());
    records.add(ServedPv.text(prefix + "Manufacturer_RBV", "Simulated detector").readOnly());
    records.add(ServedPv.text(prefix + "Model_RBV", "Basic simulator").readOnly());
    records.add(ServedPv.text(prefix + "PortName_RBV", PORT).readOnly());
    records.add(
        ServedPv.whole(prefix + "TriggerPulse", 0)
            .onPut(
                (to, done) -> {
                  pulse();
                  return CAStatus.NORMAL;
                }));
    ports.whenEmpty(this::pluginsDone);
  }

  /** What areaDetector calls its colour modes; Mono at first. */
  static ServedPv colorMode(String name) {
    return ServedPv.choice(name, MONO, COLOURS);
  }

  /** All frames are of 16 bit unsigned. */
  static ServedPv dataType(String name) {
    return ServedPv.choice(name, 3, "Int8", "UInt8", "Int16", "UInt16");
  }

  private void sizeX(double pixels) {
    arraySizeX.post(pixels);
  }

  private void sizeY(double pixels) {
    arraySizeY.post(pixels);
  }

  private static ServedPv shown(AreaRecords records, String name, String... labels) {
    return records.add(ServedPv.choice(records.prefix() + name, 0, labels).readOnly());
  }

  private synchronized CAStatus put(Object value, ProcessVariableWriteCallback done) {
    if (((short[]) value)[0] == 0) {
      acquire.post(0);
      stop();
      return CAStatus.NORMAL;
    }
    if (done != null) {
      waiting.add(done);
    }
    if (!acquiring) {
      begin();
    }
    return done == null ? CAStatus.NORMAL : null;
  }

  private void begin() {
    acquiring = true;
    taken = 0;
    acquisition++;
    imagesCounter.post(0);
    acquire.post(1);
    acquireReadback.post(1);
    acquireBusy.post(1);
    boolean external = triggerMode.on();
    state.post(external ? WAITING : ACQUIRING);
    if (!external) {
      next(acquisition);
    }
  }

  private void next(int of) {
    double exposure = acquireTime.number() * Math.max(1, numExposures.whole());
    double period = Math.max(Math.max(exposure, acquirePeriod.number()), SHORTEST_PERIOD);
    later.run(period, () -> exposed(of));
  }

  private synchronized void pulse() {
    if (acquiring && triggerMode.on()) {
      exposed(acquisition);
    }
  }

  private synchronized void exposed(int of) {
    if (!acquiring || of != acquisition) {
      return;
    }
    taken++;
    imagesCounter.post(taken);
    arrayCounter.post(arrayCounter.whole() + 1);
    if (arrayCallbacks.on()) {
      ports.publish(PORT, frame());
    }
    boolean last =
        imageMode.whole() == SINGLE
            || imageMode.whole() != CONTINUOUS && taken >= numImages.whole();
    if (last) {
      stop();
    } else if (!triggerMode.on()) {
      next(of);
    }
  }

  private void stop() {
    if (acquiring) {
      acquiring = false;
      acquire.post(0);
      acquireReadback.post(0);
      state.post(IDLE);
      pluginsDone();
    }
  }

  private synchronized void pluginsDone() {
    if (!acquiring && acquireBusy.whole() != 0 && (!waitForPlugins.on() || ports.empty())) {
      acquireBusy.post(0);
      List<ProcessVariableWriteCallback> ended = waiting;
      waiting = new ArrayList<>();
      ended.forEach(done -> done.processVariableWriteCompleted(CAStatus.NORMAL));
    }
  }

  private AreaFrame frame() {
    int width = Math.max(1, sizeX.whole());
    int height = Math.max(1, sizeY.whole());
    double exposure = acquireTime.number() * Math.max(1, numExposures.whole());
    double peak = Math.min(6e4, 1e6 * brightness.applyAsDouble(exposure));
    double spread = 2 * Math.pow(Math.min(width, height) / 6.0, 2);
    // of the modes with colours only RGB1 is simulated
    int colours = colorMode.whole() == RGB1 ? 3 : 1;
    short[] pixels = new short[width * height * colours];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double away = Math.pow(x - width / 2.0, 2) + Math.pow(y - height / 2.0, 2);
        double bright = 10 + peak * Math.exp(-away / spread);
        for (int colour = 0; colour < colours; colour++) {
          pixels[(y * width + x) * colours + colour] = (short) Math.round(bright / (colour + 1));
        }
      }
    }
    Instant now = Instant.now();
    double time = now.getEpochSecond() + now.getNano() * 1e-9;
    return new AreaFrame(width, height, colours, pixels, ++uniqueId, time);
  }
}

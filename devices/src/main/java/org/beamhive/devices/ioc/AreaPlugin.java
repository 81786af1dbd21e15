package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * What all plugins of areaDetector have in common: they take frames from a port when they are
 * enabled, work them off one after the other on a thread of their own, and drop what is too much.
 */
class AreaPlugin {
  private static final int QUEUE_SIZE = 20;

  private final AreaPorts ports;
  private final CounterRecords.Later later;
  private final ArrayDeque<AreaFrame> queue = new ArrayDeque<>();
  private final AreaRecords.Setting enabled;
  private final AreaRecords.Setting delay;
  private final ServedPv arrayCounter;
  private final ServedPv dropped;
  private final ServedPv queueFree;
  private final ServedPv queueUse;
  private final ServedPv size0;
  private final ServedPv size1;
  private final ServedPv size2;
  private final ServedPv colorMode;
  private final ServedPv uniqueId;
  private final ServedPv time;
  private volatile String source;
  private boolean working;

  /** The records of the plugin. */
  protected final AreaRecords records;

  /**
   * A plugin.
   *
   * @param type its PluginType_RBV, for example {@code NDPluginStats}
   * @param source the port that it listens to at first
   * @param port its own
   */
  AreaPlugin(
      String prefix,
      String type,
      String source,
      String port,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    this.ports = ports;
    this.later = later;
    this.source = source;
    records = new AreaRecords(prefix, server);
    enabled = records.choice("EnableCallbacks", 0, "Disable", "Enable");
    records.choice("BlockingCallbacks", 0, "No", "Yes");
    records.add(ServedPv.text(prefix + "PortName_RBV", port).readOnly());
    ServedPv listened = ServedPv.text(prefix + "NDArrayPort_RBV", source).readOnly();
    records.add(listened);
    ServedPv asked = ServedPv.text(prefix + "NDArrayPort", source);
    asked.onPut(
        (to, done) -> {
          this.source = ((String[]) to)[0];
          asked.post(to, gov.aps.jca.dbr.Status.NO_ALARM, gov.aps.jca.dbr.Severity.NO_ALARM);
          listened.post(to, gov.aps.jca.dbr.Status.NO_ALARM, gov.aps.jca.dbr.Severity.NO_ALARM);
          return CAStatus.NORMAL;
        });
    records.add(asked);
    records.add(ServedPv.text(prefix + "PluginType_RBV", type).readOnly());
    ServedPv counter = ServedPv.whole(prefix + "ArrayCounter_RBV", 0).readOnly();
    arrayCounter = records.add(counter);
    records.add(
        ServedPv.whole(prefix + "ArrayCounter", 0)
            .onPut(
                (to, done) -> {
                  counter.post(((int[]) to)[0]);
                  return CAStatus.NORMAL;
                }));
    dropped = records.count("DroppedArrays_RBV", 0);
    records.count("QueueSize_RBV", QUEUE_SIZE);
    queueFree = records.count("QueueFree", QUEUE_SIZE);
    queueUse = records.count("QueueUse", 0);
    size0 = records.count("ArraySize0_RBV", 0);
    size1 = records.count("ArraySize1_RBV", 0);
    size2 = records.count("ArraySize2_RBV", 0);
    colorMode = records.add(AreaCam.colorMode(prefix + "ColorMode_RBV").readOnly());
    records.add(AreaCam.dataType(prefix + "DataType_RBV").readOnly());
    uniqueId = records.count("UniqueId_RBV", 0);
    time = records.add(ServedPv.number(prefix + "TimeStamp_RBV", 0).units("s", 3).readOnly());
    // not of areaDetector: makes the plugin as slow as a busy one
    delay = records.number("SimDelay", 0, "s");
  }

  boolean listensTo(String port) {
    return enabled.on() && source.equals(port);
  }

  void offer(AreaFrame frame) {
    synchronized (queue) {
      if (queue.size() >= QUEUE_SIZE) {
        dropped.post(dropped.whole() + 1);
        return;
      }
      ports.entered();
      queue.add(frame);
      showQueue();
      if (!working) {
        working = true;
        later.run(delay.number(), this::work);
      }
    }
  }

  private void work() {
    AreaFrame frame;
    synchronized (queue) {
      frame = queue.poll();
      showQueue();
    }
    boolean grey = frame.colours() == 1;
    colorMode.postIfChanged(grey ? AreaCam.MONO : AreaCam.RGB1);
    size0.postIfChanged(grey ? frame.width() : frame.colours());
    size1.postIfChanged(grey ? frame.height() : frame.width());
    size2.postIfChanged(grey ? 0 : frame.height());
    process(frame);
    // as in areaDetector, these tell that the frame has been worked off
    uniqueId.post(frame.uniqueId());
    time.post(frame.time());
    arrayCounter.post(arrayCounter.whole() + 1);
    synchronized (queue) {
      working = !queue.isEmpty();
      if (working) {
        later.run(delay.number(), this::work);
      }
    }
    ports.left();
  }

  private void showQueue() {
    queueUse.post(queue.size());
    queueFree.post(QUEUE_SIZE - queue.size());
  }

  /** Works a frame off; on the thread of the plugins. */
  protected void process(AreaFrame frame) {}

  /** Hands a frame on under the plugin's own port. */
  protected final void publish(String port, AreaFrame frame) {
    ports.publish(port, frame);
  }
}

package org.beamhive.devices.ioc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Who gets the frames of whom: plugins by the asyn port that they listen to. */
final class AreaPorts {
  private final List<AreaPlugin> plugins = new CopyOnWriteArrayList<>();
  private final AtomicInteger queued = new AtomicInteger();
  private volatile Runnable whenEmpty = () -> {};

  void add(AreaPlugin plugin) {
    plugins.add(plugin);
  }

  /** Is called when the last frame has been worked off. */
  void whenEmpty(Runnable action) {
    whenEmpty = action;
  }

  void publish(String port, AreaFrame frame) {
    for (AreaPlugin plugin : plugins) {
      if (plugin.listensTo(port)) {
        plugin.offer(frame);
      }
    }
  }

  void entered() {
    queued.incrementAndGet();
  }

  void left() {
    if (queued.decrementAndGet() == 0) {
      whenEmpty.run();
    }
  }

  boolean empty() {
    return queued.get() == 0;
  }
}

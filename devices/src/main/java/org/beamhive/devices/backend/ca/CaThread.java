package org.beamhive.devices.backend.ca;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that does all that there is to do and then sends what came of it with one flush. */
final class CaThread {
  private static final Logger LOG = LoggerFactory.getLogger(CaThread.class);
  private static final int BATCH = 1000;

  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final Runnable flush;
  private final Thread thread;
  private volatile boolean ended;

  CaThread(String name, Runnable flush) {
    this.flush = flush;
    thread = new Thread(this::serve, name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Does something after all that was given before. After the end it is forgotten. */
  void execute(Runnable task) {
    tasks.add(task);
  }

  /** The last task, after which the thread ends. */
  void end(Runnable last) {
    execute(
        () -> {
          ended = true;
          last.run();
        });
  }

  private void serve() {
    List<Runnable> batch = new ArrayList<>();
    while (!ended) {
      try {
        batch.add(tasks.take());
      } catch (InterruptedException e) {
        return;
      }
      tasks.drainTo(batch, BATCH);
      for (Runnable task : batch) {
        try {
          task.run();
        } catch (RuntimeException e) {
          LOG.error("A Channel Access request has failed", e);
        }
      }
      batch.clear();
      if (!ended) {
        flush.run();
      }
    }
  }
}

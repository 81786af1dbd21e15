package org.beamhive.devices.backend.ca;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that does all that there is to do and then sends what came of it with one flush.
 *
 * <p>The library locks a circuit and its buffer in one order when it is asked to flush and in the
 * other when a request fills the buffer, so that two threads that do this wait for each other for
 * ever. So requests and flushes are made under one lock of ours.
 */
final class CaThread {
  private static final Logger LOG = LoggerFactory.getLogger(CaThread.class);
  private static final int BATCH = 1000;

  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final List<Runnable> afterFlush = new ArrayList<>();
  private final Object sending;
  private final Runnable flush;
  private final Thread thread;
  private volatile boolean ended;

  /** Something that asks the library for nothing that is sent, but may wait. */
  private record Alone(Runnable task) implements Runnable {
    @Override
    public void run() {
      task.run();
    }
  }

  /**
   * @param sending the lock under which the library is asked
   */
  CaThread(String name, Object sending, Runnable flush) {
    this.sending = sending;
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

  /** The same, without the lock: it may wait, and sends nothing. */
  void executeAlone(Runnable task) {
    tasks.add(new Alone(task));
  }

  /** Does something after the flush of this batch; for its own tasks only. */
  void afterFlush(Runnable task) {
    afterFlush.add(task);
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
      batch.forEach(task -> safely(() -> run(task)));
      batch.clear();
      if (!ended) {
        run(flush);
        afterFlush.forEach(CaThread::safely);
      }
      afterFlush.clear();
    }
  }

  private static void safely(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.error("A Channel Access request has failed", e);
    }
  }

  private void run(Runnable task) {
    if (task instanceof Alone) {
      task.run();
      return;
    }
    synchronized (sending) {
      task.run();
    }
  }
}

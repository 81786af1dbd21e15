package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Moves a motor by the keys that it is given. A move goes on beside the keys, so that it can be
 * stopped; a second one is not begun before it has ended.
 */
final class Tweak implements AutoCloseable {
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final ApiClient api;
  private final String motor;
  private final PrintWriter out;
  private final ExecutorService mover =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "tweak");
            thread.setDaemon(true);
            return thread;
          });
  private volatile double step;
  private volatile String note = "";
  private String typed = "";
  private CompletableFuture<Void> move = CompletableFuture.completedFuture(null);

  Tweak(ApiClient api, String motor, double step, PrintWriter out) {
    this.api = api;
    this.motor = motor;
    this.step = step;
    this.out = out;
  }

  /** Does what a key stands for; false if it ends the whole. */
  boolean key(String key) {
    switch (key) {
      case "", "q", "Q", "\u0003", "\u0004" -> {
        end();
        return false;
      }
      case "right", "+" -> moveBy(step);
      case "left", "-" -> moveBy(-step);
      case "up" -> setStep(step * 2);
      case "down" -> setStep(step / 2);
      case "s", " " -> stop();
      case "\r", "\n" -> takeStep();
      default -> type(key);
    }
    show();
    return true;
  }

  private void type(String key) {
    if (key.matches("[\\d.eE]")) {
      typed += key;
    }
  }

  private void takeStep() {
    if (Words.number(typed) && Double.parseDouble(typed) > 0) {
      setStep(Double.parseDouble(typed));
    } else if (!typed.isEmpty()) {
      note = "'" + typed + "' is no step";
    }
    typed = "";
  }

  private void setStep(double next) {
    step = next;
    note = "";
  }

  private void moveBy(double by) {
    if (!move.isDone()) {
      note = "still moving";
      return;
    }
    note = "moving";
    move =
        CompletableFuture.runAsync(
            () -> {
              try {
                DeviceCalls.call(api, motor, "set", DeviceCalls.move(DoubleNode.valueOf(by), true));
                note = "";
              } catch (ClientException failed) {
                note = failed.getMessage();
              }
              show();
            },
            mover);
  }

  private void stop() {
    try {
      api.post(
          DeviceCalls.path(motor, "stop"),
          ApiClient.object().put("user", System.getProperty("user.name")));
      // a move says itself that it has been stopped
    } catch (ClientException failed) {
      note = failed.getMessage();
    }
  }

  /** One line: where it is, the step, what there is to say. */
  synchronized void show() {
    String position;
    try {
      JsonNode read = ReadCommand.read(api, List.of(motor)).get(0);
      JsonNode reading = read.path("readings").path(read.path("hints").path(0).asText());
      position =
          Show.number(
                  reading.path("value").asDouble(),
                  reading.path("precision").isNumber() ? reading.path("precision").asInt() : null)
              + " "
              + reading.path("units").asText("");
    } catch (ClientException unreadable) {
      position = unreadable.getMessage();
    }
    out.print(
        CLEAR_LINE
            + motor
            + " "
            + position.strip()
            + "   step "
            + Show.number(step, null)
            + (typed.isEmpty() ? "" : "   new step " + typed)
            + (note.isEmpty() ? "" : "   " + note));
    out.flush();
  }

  /** A move under way is stopped: nobody looks at it any more. */
  private void end() {
    if (!move.isDone()) {
      stop();
    }
    out.println();
    out.flush();
  }

  /** Waits for the move under way. */
  void awaitMove() {
    move.join();
  }

  @Override
  public void close() {
    mover.shutdown();
  }
}

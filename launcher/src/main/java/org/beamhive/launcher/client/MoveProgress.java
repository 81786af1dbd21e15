package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar for each motor, from where it was to where it goes. */
final class MoveProgress implements AutoCloseable {
  private static final int STEPS = 1000;
  private static final int REFRESH_MILLIS = 200;

  private final Map<String, Bar> bars = new LinkedHashMap<>();
  private final DocumentSocket socket;

  private static final class Bar {
    private final ProgressBar bar;
    private final double target;
    private final boolean relative;
    private double from = Double.NaN;

    Bar(String name, double target, boolean relative) {
      this.target = target;
      this.relative = relative;
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(STEPS)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(REFRESH_MILLIS)
              .hideEta()
              .build();
    }

    void at(double position, String shown) {
      if (Double.isNaN(position)) {
        return;
      }
      if (Double.isNaN(from)) {
        from = position;
      }
      bar.stepTo(Math.round(STEPS * done(from, relative ? from + target : target, position)));
      bar.setExtraMessage(shown);
    }
  }

  /** How much of the way is done, 0 to 1. */
  static double done(double from, double to, double at) {
    double way = to - from;
    return way == 0 ? 1 : Math.max(0, Math.min(1, (at - from) / way));
  }

  /**
   * Begins to show.
   *
   * @param targets positions or steps, by motor
   */
  MoveProgress(ApiClient api, Map<String, Double> targets, boolean relative) {
    targets.forEach((name, target) -> bars.put(name, new Bar(name, target, relative)));
    socket =
        DocumentSocket.at(
            api, WatchCommand.devicesPath(targets.keySet().stream().toList()), this::show);
  }

  private void show(String frame) {
    JsonNode device;
    try {
      device = ApiClient.JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      throw new ClientException("The server sent an update that is no JSON.");
    }
    Bar bar = bars.get(device.path("name").asText());
    if (bar != null) {
      double position = DeviceCalls.position(device);
      bar.at(
          position,
          Show.number(position, device.path("precision").asInt())
              + " "
              + device.path("units").asText());
    }
  }

  /** This motor has arrived. */
  void arrived(String name) {
    bars.get(name).bar.stepTo(STEPS);
  }

  @Override
  public void close() {
    socket.close();
    bars.values().forEach(bar -> bar.bar.close());
  }
}

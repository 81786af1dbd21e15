package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/**
 * A simulated camera that sees a round spot, at the position of one or two simulated motors if it
 * is told of them. Its reading is the image itself, row by row, and the sum over it as the
 * statistics plugin of an area detector would give it. The image travels in messages and is stored
 * with the run, so it is small: see {@link ConfigKey.Kind#SHAPE}.
 */
final class SimCamera extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("image_shape", Kind.SHAPE, "[rows, columns]; [32, 32] if not given"),
          optional("motor", Kind.TEXT, "the simulated motor that moves the spot along a row"),
          optional("motor2", Kind.TEXT, "the one that moves it across the rows"),
          optional("pixel_size", Kind.POSITIVE, "the motors' units per pixel; 1 if not given"),
          optional("sigma", Kind.ABOVE_ZERO, "width of the spot in pixels"),
          optional("imax", Kind.NUMBER, "counts at its top in one second"),
          optional("background", Kind.POSITIVE, "counts everywhere in one second"),
          optional("exposure", Kind.SECONDS, "seconds that a trigger takes"),
          optional("seed", Kind.WHOLE, "of the noise"));

  private final int rows;
  private final int columns;
  private final SimPv image;
  private final SimPv total;
  private final SimPv motor;
  private final SimPv motor2;
  private final double pixel;
  private final Random random;

  SimCamera(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimCamera",
        KEYS,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    List<Integer> shape = shape(options);
    rows = shape.get(0);
    columns = shape.get(1);
    motor = options.has("motor") ? backends.sim().pv(options.text("motor", "")) : null;
    motor2 = options.has("motor2") ? backends.sim().pv(options.text("motor2", "")) : null;
    pixel = Math.max(options.number("pixel_size", 1), Double.MIN_NORMAL);
    random = new Random(seed());
    setting("acquire_time", "exposure", Value.of(0.0));
    setting("sigma", "sigma", Value.of(3.0));
    setting("Imax", "imax", Value.of(100.0));
    setting("background", "background", Value.of(1.0));
    String name = options.name().value();
    image = array(name, Part.Kind.NORMAL, shape);
    total = number(name + "_stats_total", Part.Kind.HINTED, "", 0);
    measure();
  }

  private static List<Integer> shape(DeviceOptions options) {
    return options.has("image_shape")
            && options.values().get("image_shape") instanceof Value.Items shape
        ? shape.items().stream().map(each -> (int) each.asDouble()).toList()
        : List.of(32, 32);
  }

  @Override
  public CompletionStage<Void> trigger() {
    return expose(setting("acquire_time"), this::measure);
  }

  private void measure() {
    double seconds = setting("acquire_time") > 0 ? setting("acquire_time") : 1;
    double width = Math.max(setting("sigma"), Double.MIN_NORMAL);
    double atColumn = (columns - 1) / 2.0 + where(motor);
    double atRow = (rows - 1) / 2.0 + where(motor2);
    long sum = 0;
    List<Value> lines = new ArrayList<>(rows);
    for (int row = 0; row < rows; row++) {
      double high = PeakShape.GAUSSIAN.at((row - atRow) / width);
      List<Value> line = new ArrayList<>(columns);
      for (int column = 0; column < columns; column++) {
        double peak = setting("Imax") * high * PeakShape.GAUSSIAN.at((column - atColumn) / width);
        double counts = Noise.poisson(random, seconds * (setting("background") + peak));
        sum += (long) counts;
        line.add(Value.of(counts));
      }
      lines.add(Value.of(line));
    }
    image.post(Value.of(lines));
    total.post(Value.of((double) sum));
  }

  private double where(SimPv axis) {
    return axis == null ? 0 : axis.value().asDouble() / pixel;
  }
}

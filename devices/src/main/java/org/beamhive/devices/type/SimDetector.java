package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/**
 * A simulated point detector that sees a peak or an edge over one or two simulated motors of the
 * same node: Bluesky's {@code SynGauss} and {@code Syn2DGauss}.
 */
final class SimDetector extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("motor", Kind.TEXT, "the simulated motor that it looks at"),
          optional("motor2", Kind.TEXT, "a second one makes the peak two-dimensional"),
          oneOf("shape", PeakShape.words(), "of what it sees; gaussian if not given"),
          optional("center", Kind.NUMBER, "where the peak is"),
          optional("center2", Kind.NUMBER, "where it is along the second motor"),
          optional("sigma", Kind.ABOVE_ZERO, "its width"),
          optional("imax", Kind.NUMBER, "its height"),
          optional("Imax", Kind.NUMBER, "the same, as ophyd spells it"),
          oneOf("noise", List.of("none", "poisson", "uniform", "gaussian"), "what is added"),
          optional(
              "noise_multiplier",
              Kind.POSITIVE,
              "half the width of uniform noise, standard deviation of gaussian"),
          optional("seed", Kind.WHOLE, "of the noise"),
          optional("exposure", Kind.SECONDS, "seconds that a trigger takes"));

  private final SimPv value;
  private final SimPv motor;
  private final SimPv motor2;
  private final double center2;
  private final PeakShape shape;
  private final Random random;

  SimDetector(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimDetector",
        KEYS,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    motor = backends.sim().pv(options.text("motor", ""));
    motor2 = options.has("motor2") ? backends.sim().pv(options.text("motor2", "")) : null;
    center2 = options.number("center2", 0);
    shape = PeakShape.ofWord(options.text("shape", "gaussian"));
    random = new Random(seed());
    setting("Imax", options.has("Imax") ? "Imax" : "imax", Value.of(1.0));
    setting("center", "center", Value.of(0.0));
    setting("sigma", "sigma", Value.of(1.0));
    setting("noise", "noise", Value.of("none"));
    setting("noise_multiplier", "noise_multiplier", Value.of(1.0));
    setting("exposure", "exposure", Value.of(0.0));
    value = number(options.name().value(), Part.Kind.HINTED, "", 3);
    measure();
  }

  @Override
  public CompletionStage<Void> trigger() {
    return expose(setting("exposure"), this::measure);
  }

  private void measure() {
    double width = Math.max(setting("sigma"), Double.MIN_NORMAL);
    double peak = shape.at((motor.value().asDouble() - setting("center")) / width);
    if (motor2 != null) {
      peak *= shape.at((motor2.value().asDouble() - center2) / width);
    }
    value.post(Value.of(noisy(setting("Imax") * peak)));
  }

  private double noisy(double peak) {
    return switch (word("noise")) {
      case "poisson" -> Noise.poisson(random, peak);
      case "uniform" -> peak + setting("noise_multiplier") * (2 * random.nextDouble() - 1);
      case "gaussian" -> peak + setting("noise_multiplier") * random.nextGaussian();
      default -> peak;
    };
  }
}

package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * A simulated point detector that sees a Gaussian peak over one or two simulated motors of the same
 * node: Bluesky's {@code SynGauss} and {@code Syn2DGauss}.
 */
final class SimDetector extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("motor", Kind.TEXT, "the simulated motor that it looks at"),
          optional("motor2", Kind.TEXT, "a second one makes the peak two-dimensional"),
          optional("center", Kind.NUMBER, "where the peak is"),
          optional("center2", Kind.NUMBER, "where it is along the second motor"),
          optional("sigma", Kind.POSITIVE, "its width"),
          optional("imax", Kind.NUMBER, "its height"),
          oneOf("noise", List.of("none", "poisson", "uniform"), "what is added"),
          optional("noise_multiplier", Kind.POSITIVE, "half the width of uniform noise"),
          optional("seed", Kind.WHOLE, "of the noise"),
          optional("exposure", Kind.POSITIVE, "seconds that a trigger takes"));

  private final SimPv value;
  private final SimPv motor;
  private final SimPv motor2;
  private final double center;
  private final double center2;
  private final double sigma;
  private final double imax;
  private final String noise;
  private final double noiseMultiplier;
  private final double exposure;
  private final Random random;

  SimDetector(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimDetector",
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    motor = backends.sim().pv(options.text("motor", ""));
    motor2 = options.has("motor2") ? backends.sim().pv(options.text("motor2", "")) : null;
    center = options.number("center", 0);
    center2 = options.number("center2", 0);
    sigma = Math.max(options.number("sigma", 1), Double.MIN_NORMAL);
    imax = options.number("imax", 1);
    noise = options.text("noise", "none");
    noiseMultiplier = options.number("noise_multiplier", 1);
    exposure = options.number("exposure", 0);
    random = new Random((long) options.number("seed", name.hashCode()));
    value = backends.sim().pv(name);
    value.describe(SignalMeta.number("SIM:" + name, "", 3, Limits.NONE));
    part(name, Part.Kind.HINTED, "sim://" + name, SignalOptions.MONITORED);
    measure();
  }

  @Override
  public CompletionStage<Void> trigger() {
    if (exposure <= 0) {
      measure();
      return DONE;
    }
    CompletableFuture<Void> taken = new CompletableFuture<>();
    backends
        .sim()
        .clock()
        .schedule(
            Duration.ofNanos((long) (exposure * 1e9)),
            () -> {
              measure();
              taken.complete(null);
            });
    return taken;
  }

  @Override
  protected Map<String, Value> fixedConfiguration() {
    Map<String, Value> settings = new LinkedHashMap<>();
    settings.put(name() + "_Imax", Value.of(imax));
    settings.put(name() + "_center", Value.of(center));
    settings.put(name() + "_sigma", Value.of(sigma));
    settings.put(name() + "_noise", Value.of(noise));
    settings.put(name() + "_noise_multiplier", Value.of(noiseMultiplier));
    return settings;
  }

  private void measure() {
    double away = (motor.value().asDouble() - center) / sigma;
    double away2 = motor2 == null ? 0 : (motor2.value().asDouble() - center2) / sigma;
    double peak = imax * Math.exp(-(away * away + away2 * away2) / 2);
    value.post(Value.of(noisy(peak)));
  }

  private double noisy(double peak) {
    return switch (noise) {
      case "poisson" -> Noise.poisson(random, peak);
      case "uniform" -> peak + noiseMultiplier * (2 * random.nextDouble() - 1);
      default -> peak;
    };
  }
}

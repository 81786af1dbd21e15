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

/** A simulated spectrum: a peak on a noisy ground, BEC's {@code SimWaveform}. */
final class SimWaveform extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("waveform_shape", Kind.LENGTH, "how many points; 1000 if not given"),
          optional("center", Kind.NUMBER, "of the peak, in points"),
          optional("sigma", Kind.ABOVE_ZERO, "its width, in points"),
          optional("imax", Kind.NUMBER, "its height"),
          optional("noise", Kind.POSITIVE, "standard deviation of what is added"),
          optional("exposure", Kind.SECONDS, "seconds that a trigger takes"),
          optional("seed", Kind.WHOLE, "of the noise"));

  private final int points;
  private final SimPv waveform;
  private final Random random;

  SimWaveform(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimWaveform",
        KEYS,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    points = (int) options.number("waveform_shape", 1000);
    random = new Random(seed());
    setting("center", "center", Value.of(points / 2.0));
    setting("sigma", "sigma", Value.of(points / 10.0));
    setting("Imax", "imax", Value.of(100.0));
    setting("noise", "noise", Value.of(1.0));
    setting("exposure", "exposure", Value.of(0.0));
    waveform = array(options.name().value(), Part.Kind.HINTED, List.of(points));
    measure();
  }

  @Override
  public CompletionStage<Void> trigger() {
    return expose(setting("exposure"), this::measure);
  }

  private void measure() {
    double width = Math.max(setting("sigma"), Double.MIN_NORMAL);
    List<Value> values = new ArrayList<>(points);
    for (int point = 0; point < points; point++) {
      double peak = setting("Imax") * PeakShape.GAUSSIAN.at((point - setting("center")) / width);
      values.add(Value.of(peak + setting("noise") * random.nextGaussian()));
    }
    waveform.post(Value.of(values));
  }
}

package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/** A simulated value that wobbles: BEC's {@code SimMonitor}. Each read is a new measurement. */
final class SimMonitor extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("value", Kind.NUMBER, "around which it wobbles"),
          optional("noise", Kind.POSITIVE, "standard deviation of the wobble"),
          optional("seed", Kind.WHOLE, "of the wobble"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units"));

  private final SimPv value;
  private final double mean;
  private final double noise;
  private final Random random;

  SimMonitor(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimMonitor",
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    mean = options.number("value", 100);
    noise = options.number("noise", 1);
    random = new Random((long) options.number("seed", name.hashCode()));
    value = backends.sim().pv(name);
    value.describe(
        SignalMeta.number(
            "SIM:" + name,
            options.text("egu", ""),
            (int) options.number("precision", 3),
            Limits.NONE));
    part(name, Part.Kind.HINTED, "sim://" + name, SignalOptions.MONITORED);
    measure();
  }

  @Override
  public CompletionStage<Void> trigger() {
    measure();
    return DONE;
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    measure();
    return super.read();
  }

  private void measure() {
    value.post(Value.of(mean + noise * random.nextGaussian()));
  }
}

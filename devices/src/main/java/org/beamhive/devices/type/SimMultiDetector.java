package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/**
 * A simulated detector with several channels and with channels that are configuration: Bluesky's
 * {@code ABDetector}, {@code DetWithConf} and {@code DetWithCountTime}.
 */
final class SimMultiDetector extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("channels", Kind.NAMES, "what it reads; [a, b] if not given"),
          optional("config_channels", Kind.NAMES, "what is read with its configuration"),
          optional("mean", Kind.NUMBER, "of all channels; 0.5 if not given"),
          optional("noise", Kind.POSITIVE, "half the width of the noise; 0.5 if not given"),
          optional("count_time", Kind.SECONDS, "seconds that a trigger takes"),
          optional("seed", Kind.WHOLE, "of the noise"));

  private final List<SimPv> channels;
  private final Random random;

  SimMultiDetector(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimMultiDetector",
        KEYS,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    random = new Random(seed());
    setting("mean", "mean", Value.of(0.5));
    setting("noise", "noise", Value.of(0.5));
    setting("count_time", "count_time", Value.of(0.0));
    channels = channels("channels", Part.Kind.HINTED, List.of("a", "b"));
    channels("config_channels", Part.Kind.CONFIG, List.of())
        .forEach(channel -> channel.post(Value.of(value())));
    measure();
  }

  private List<SimPv> channels(String key, Part.Kind kind, List<String> otherwise) {
    List<String> names =
        options.has(key) && options.values().get(key) instanceof Value.Items given
            ? given.items().stream().map(each -> ((Value.Text) each).value()).toList()
            : otherwise;
    return names.stream().map(channel -> number(name() + "_" + channel, kind, "", 3)).toList();
  }

  @Override
  public CompletionStage<Void> trigger() {
    return expose(setting("count_time"), this::measure);
  }

  private void measure() {
    channels.forEach(channel -> channel.post(Value.of(value())));
  }

  private double value() {
    return setting("mean") + setting("noise") * (2 * random.nextDouble() - 1);
  }
}

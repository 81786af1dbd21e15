package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * Several devices of a hutch under one name, as the components of an ophyd {@code Device}: read,
 * triggered, staged, moved and stopped together. Its data keys are {@code <group>_<key>}, so that
 * the group and a member may be in one scan.
 */
final class DeviceGroup extends DeviceOfDevices {
  static final List<ConfigKey> KEYS =
      List.of(
          required("devices", Kind.NAME_OR_NAMES, "its members"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** Its members are devices of the file. */
  static final DeviceChecks CHECKS =
      new DeviceChecks() {
        @Override
        public List<Problem> problems(DeviceName name, Value.Fields config) {
          return List.of();
        }

        @Override
        public Set<DeviceName> members(Value.Fields config) {
          return new LinkedHashSet<>(PseudoConfig.names(config.get("devices")).values());
        }
      };

  private final Set<Ability> abilities = EnumSet.noneOf(Ability.class);

  DeviceGroup(DeviceOptions options, DeviceBackends backends) {
    super(options, backends, PseudoConfig.names(options.values().get("devices")));
    for (Ability ability :
        List.of(Ability.READABLE, Ability.MOVABLE, Ability.TRIGGERABLE, Ability.STAGEABLE)) {
      if (!membersThat(ability).isEmpty()) {
        abilities.add(ability);
      }
    }
  }

  @Override
  public Set<Ability> abilities() {
    return Set.copyOf(abilities);
  }

  private String key(String key) {
    return name() + "_" + key;
  }

  @Override
  public DeviceFacts facts() {
    List<String> hints = new ArrayList<>();
    members()
        .forEach(member -> member.device().facts().hints().forEach(hint -> hints.add(key(hint))));
    return new DeviceFacts(Limits.NONE, "", 3, hints);
  }

  @Override
  public CompletionStage<DeviceDescription> describe() {
    List<CompletableFuture<DeviceDescription>> asked =
        members().stream().map(member -> member.device().describe().toCompletableFuture()).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              Map<String, DataKey> keys = new LinkedHashMap<>();
              Map<String, DataKey> settingKeys = new LinkedHashMap<>();
              List<Reading> settings = new ArrayList<>();
              for (CompletableFuture<DeviceDescription> each : asked) {
                DeviceDescription known = each.join();
                known.dataKeys().forEach((key, of) -> keys.put(key(key), of));
                known.configurationKeys().forEach((key, of) -> settingKeys.put(key(key), of));
                known.configuration().forEach(reading -> settings.add(mine(reading)));
              }
              return new DeviceDescription(
                  name(), "DeviceGroup", keys, facts().hints(), settings, settingKeys);
            });
  }

  private Reading mine(Reading reading) {
    return new Reading(
        key(reading.key()), reading.value(), reading.timestamp(), reading.severity());
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return readAll(Device::read)
        .thenApply(read -> read.values().stream().flatMap(List::stream).map(this::mine).toList());
  }

  @Override
  public CompletionStage<Void> trigger() {
    return all(membersThat(Ability.TRIGGERABLE), Device::trigger);
  }

  @Override
  public DeviceFailure check(Value setpoint) {
    try {
      return targets(setpoint).stream()
          .map(target -> target.member().check(target.setpoint()))
          .filter(java.util.Objects::nonNull)
          .findFirst()
          .orElse(null);
    } catch (DeviceFailure refusal) {
      return refusal;
    }
  }

  /**
   * Moves its movable members at once.
   *
   * @param setpoint a map from members to setpoints, or a list for all that can be moved, in order
   */
  @Override
  public CompletionStage<Void> set(Value setpoint) {
    List<Target> targets;
    try {
      targets = targets(setpoint);
    } catch (DeviceFailure refusal) {
      return CompletableFuture.failedStage(refusal);
    }
    return moveAll("%s can't go to %s".formatted(name(), setpoint.shown()), targets, true);
  }

  private List<Target> targets(Value setpoint) {
    List<Member> movable = membersThat(Ability.MOVABLE);
    List<Target> targets = new ArrayList<>();
    if (setpoint instanceof Value.Fields some && !some.fields().isEmpty()) {
      some.fields()
          .forEach(
              (name, value) -> {
                if (member(name) == null) {
                  throw wrong(setpoint, movable);
                }
                targets.add(new Target(member(name), value));
              });
    } else if (setpoint instanceof Value.Items list && list.items().size() == movable.size()) {
      for (int at = 0; at < movable.size(); at++) {
        targets.add(new Target(movable.get(at), list.items().get(at)));
      }
    } else {
      throw wrong(setpoint, movable);
    }
    return targets;
  }

  private DeviceFailure wrong(Value setpoint, List<Member> movable) {
    return new DeviceFailure(
        "wrong-type",
        "%s can't be set to %s: a map or a list with setpoints of %s is needed."
            .formatted(name(), setpoint.shown(), movable.stream().map(Member::variable).toList()));
  }

  @Override
  public CompletionStage<Location> locate() {
    List<Member> movable = membersThat(Ability.MOVABLE);
    List<CompletableFuture<Location>> asked =
        movable.stream().map(member -> member.device().locate().toCompletableFuture()).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done ->
                new Location(
                    Value.of(asked.stream().map(each -> each.join().setpoint()).toList()),
                    Value.of(asked.stream().map(each -> each.join().readback()).toList())));
  }
}

package org.beamhive.protocol.model;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What everybody may know of a device: for checks before a scan, for the list of devices, for the
 * bridge.
 *
 * @param name its name
 * @param hutch whose nodes own it
 * @param node on which of them it lives now, {@code host:port}; empty if not known
 * @param deviceClass its type name in the device file
 * @param description free text
 * @param state where it is in its life
 * @param problem what is wrong and what to do, empty if nothing is
 * @param abilities what can be done with it
 * @param readoutPriority when scans read it
 * @param softwareTrigger whether a scan triggers it at each point
 * @param limits of its setpoint
 * @param units of its readback, may be empty
 * @param precision decimals to show
 * @param hints the data keys to show and plot
 * @param tags from its configuration
 * @param readOnly whether its configuration forbids to change it
 * @param needs the devices that it depends on
 * @param userParameter free values from its configuration
 */
public record DeviceView(
    DeviceName name,
    HutchName hutch,
    String node,
    String deviceClass,
    String description,
    State state,
    String problem,
    Set<Ability> abilities,
    ReadoutPriority readoutPriority,
    boolean softwareTrigger,
    Limits limits,
    String units,
    int precision,
    List<String> hints,
    Set<String> tags,
    boolean readOnly,
    List<DeviceName> needs,
    Value.Fields userParameter) {
  public DeviceView {
    // a node of an older version does not say it
    node = node == null ? "" : node;
    abilities = Set.copyOf(abilities);
    hints = List.copyOf(hints);
    tags = java.util.Collections.unmodifiableSet(new TreeSet<>(tags));
    needs = needs == null ? List.of() : List.copyOf(needs);
    userParameter = userParameter == null ? Value.Fields.EMPTY : userParameter;
  }

  /** Where a device is in its life. */
  public enum State {
    /** In the device file with {@code enabled: false}. */
    DISABLED,
    /** Not connected yet, or not any more; tried again by itself. */
    CONNECTING,
    /** Connected and at rest. */
    READY,
    /** Moving, counting or otherwise busy. */
    BUSY
  }

  /** What can be done with a device (Bluesky's protocols). */
  public enum Ability {
    READABLE,
    MOVABLE,
    TRIGGERABLE,
    STAGEABLE,
    FLYABLE
  }

  /** This view with another state, and why it is so. */
  public DeviceView withState(State next, String because) {
    return new DeviceView(
        name,
        hutch,
        node,
        deviceClass,
        description,
        next,
        because,
        abilities,
        readoutPriority,
        softwareTrigger,
        limits,
        units,
        precision,
        hints,
        tags,
        readOnly,
        needs,
        userParameter);
  }

  /** This view with another readout priority. */
  public DeviceView withReadoutPriority(ReadoutPriority next) {
    return new DeviceView(
        name,
        hutch,
        node,
        deviceClass,
        description,
        state,
        problem,
        abilities,
        next,
        softwareTrigger,
        limits,
        units,
        precision,
        hints,
        tags,
        readOnly,
        needs,
        userParameter);
  }

  /** Whether it has an ability. */
  public boolean can(Ability ability) {
    return abilities.contains(ability);
  }

  /**
   * Whether it is enabled and could not even be made from its configuration, as {@link #problem}
   * says: then it has no abilities, and nobody can know which it would have.
   */
  public boolean notMade() {
    return state == State.CONNECTING && abilities.isEmpty();
  }

  /** Whether it is connected. */
  public boolean connected() {
    return state == State.READY || state == State.BUSY;
  }
}

package org.beamhive.actors.scans.check;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/** The devices known at the moment of a check, and the refusals that come from them. */
public final class Beamline {
  private static final int CLOSE_SHOWN = 3;

  private final Map<String, DeviceView> devices = new TreeMap<>();

  /** Of these devices. */
  public Beamline(Collection<DeviceView> views) {
    for (DeviceView view : views) {
      devices.put(view.name().value(), view);
    }
  }

  /**
   * The connected readable devices with a readout priority, by name, so that the same devices
   * always come in the same order. What is disabled is left out.
   *
   * @throws Refused if one of that priority could not be made: a run without it would lack what its
   *     configuration promises, and nobody would know
   */
  public List<DeviceView> readable(ReadoutPriority priority) throws Refused {
    List<DeviceView> readable = new ArrayList<>();
    for (DeviceView view : devices.values()) {
      if (view.readoutPriority() != priority) {
        continue;
      }
      if (view.notMade()) {
        throw new Refused(
            new Refusal(
                "not-made",
                "device %s (readoutPriority %s) belongs to every run, and can't be used: %s"
                        .formatted(quoted(view), priority.word(), view.problem())
                    + " Mend its configuration, or disable it.",
                Map.of("device", view.name().value())));
      }
      if (view.connected() && view.can(Ability.READABLE)) {
        readable.add(view);
      }
    }
    return readable;
  }

  /**
   * The device that an argument names. That it is not connected is no reason to refuse it here: it
   * may be by the time that its plan starts, and then the engine looks.
   *
   * @throws Refused if it is unknown, disabled, could not be made or lacks the ability
   */
  DeviceView device(String argument, Value given, Ability ability) throws Refused {
    if (!(given instanceof Value.Text text)) {
      throw Refused.argument(
          "wrong-type", argument, "must be the name of a device, not " + given.shown());
    }
    DeviceView view = devices.get(text.value());
    if (view == null) {
      throw unknown(argument, text.value());
    }
    if (view.state() == DeviceView.State.DISABLED) {
      throw device(
          "device-disabled",
          argument,
          view,
          "device " + quoted(view) + " is disabled: enable it in the device configuration first");
    }
    if (view.notMade()) {
      throw device(
          "not-made",
          argument,
          view,
          "device %s can't be used: %s".formatted(quoted(view), view.problem()));
    }
    if (!view.can(ability)) {
      String word = ability.name().toLowerCase(Locale.ROOT);
      throw device(
          "not-" + word,
          argument,
          view,
          "device %s (%s) is not %s, it is %s"
              .formatted(quoted(view), view.deviceClass(), word, abilities(view)));
    }
    return view;
  }

  /**
   * Allows a motor a position.
   *
   * @throws Refused if it is beyond the motor's limits
   */
  public static void allow(DeviceView motor, double position) throws Refused {
    Limits limits = motor.limits();
    if (limits.allow(position)) {
      return;
    }
    String units = motor.units().isEmpty() ? "" : " " + motor.units();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("device", motor.name().value());
    details.put("given", Double.toString(position));
    details.put("low", Double.toString(limits.low()));
    details.put("high", Double.toString(limits.high()));
    details.put("units", motor.units());
    throw new Refused(
        new Refusal(
            "beyond-limits",
            "motor %s: position %s%s is beyond its limits, allowed is %s to %s%s"
                .formatted(quoted(motor), position, units, limits.low(), limits.high(), units),
            details));
  }

  private Refused unknown(String argument, String name) {
    List<String> close = close(name);
    String none =
        " None is known yet: a node that has just started tells of its devices in a moment.";
    String hint =
        close.isEmpty()
            ? devices.isEmpty() ? none : ""
            : " Did you mean "
                + close.stream().map(one -> "'" + one + "'").collect(Collectors.joining(" or "))
                + "?";
    Map<String, String> details = new LinkedHashMap<>();
    details.put("argument", argument);
    details.put("device", name);
    details.put("close", String.join(",", close));
    return new Refused(
        new Refusal(
            "unknown-device",
            "%s: there is no device '%s'.%s GET /api/devices/allowed lists the devices."
                .formatted(argument, name, hint),
            details));
  }

  private static Refused device(String code, String argument, DeviceView view, String text) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("argument", argument);
    details.put("device", view.name().value());
    return new Refused(new Refusal(code, argument + ": " + text, details));
  }

  private static String quoted(DeviceView view) {
    return "'" + view.name() + "'";
  }

  private static String abilities(DeviceView view) {
    return view.abilities().isEmpty()
        ? "nothing that a plan can use"
        : view.abilities().stream()
            .sorted()
            .map(ability -> ability.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
  }

  private List<String> close(String name) {
    int allowed = Math.max(1, name.length() / 3);
    Map<String, Integer> distances = new LinkedHashMap<>();
    for (String known : devices.keySet()) {
      int distance =
          distance(name.toLowerCase(Locale.ROOT), known.toLowerCase(Locale.ROOT), allowed);
      if (distance <= allowed) {
        distances.put(known, distance);
      }
    }
    List<String> close = new ArrayList<>(distances.keySet());
    close.sort(Comparator.comparing(distances::get));
    return close.subList(0, Math.min(CLOSE_SHOWN, close.size()));
  }

  /** How many letters must be changed, added or left out; more than enough if lengths differ. */
  private static int distance(String one, String other, int enough) {
    if (Math.abs(one.length() - other.length()) > enough) {
      return enough + 1;
    }
    int[] above = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int[] row = new int[other.length() + 1];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int changed = above[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[other.length()];
  }
}

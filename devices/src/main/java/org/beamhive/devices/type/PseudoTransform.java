package org.beamhive.devices.type;

import java.util.Map;

/**
 * How pseudo axes and real axes belong together, as a Java class of the beamline: named in {@code
 * META-INF/services/org.beamhive.devices.type.PseudoTransform} and, by its {@link #name}, as {@code
 * transform} of a {@code PseudoPositioner}. It has no state, may be called from any thread and must
 * return at once.
 */
public interface PseudoTransform {
  /** What the device file calls it. */
  String name();

  /**
   * Where the real axes must go.
   *
   * @param pseudo the setpoint of each pseudo axis
   * @param real the present setpoint of each real axis
   * @param parameters those of the device file
   * @return the setpoint of each real axis that is to move
   */
  Map<String, Double> forward(
      Map<String, Double> pseudo, Map<String, Double> real, Map<String, Double> parameters);

  /**
   * Where the pseudo axes are.
   *
   * @param real the position of each real axis
   * @param parameters those of the device file
   * @return the position of each pseudo axis; NaN where it has none
   */
  Map<String, Double> inverse(Map<String, Double> real, Map<String, Double> parameters);
}

package org.beamhive.protocol.plan;

import java.util.List;

/**
 * The declaration of a plan: validation, {@code plans_allowed}, command line help and forms all
 * come from it.
 *
 * @param name as clients call it
 * @param description what it does, for people
 * @param parameters in their order
 */
public record PlanDescription(String name, String description, List<Parameter> parameters) {
  public PlanDescription {
    parameters = List.copyOf(parameters);
  }

  /**
   * One parameter.
   *
   * @param name its name
   * @param kind how it may be given
   * @param annotation its type in the queue server's notation, for example {@code
   *     collections.abc.Sequence[__READABLE__]}, or null
   * @param convertDevices whether texts in it name devices
   * @param defaultText Python's representation of the default, or null if it must be given
   * @param description what it means, with its unit
   * @param min lowest value, or null
   * @param max highest value, or null
   */
  public record Parameter(
      String name,
      Kind kind,
      String annotation,
      boolean convertDevices,
      String defaultText,
      String description,
      Double min,
      Double max) {}

  /** How a parameter may be given (Python's parameter kinds, with their numbers). */
  public enum Kind {
    POSITIONAL_OR_KEYWORD(1),
    VAR_POSITIONAL(2),
    KEYWORD_ONLY(3);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /** Python's number of this kind. */
    public int number() {
      return number;
    }
  }
}

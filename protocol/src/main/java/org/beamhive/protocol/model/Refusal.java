package org.beamhive.protocol.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * Why something is not done: not now, not allowed or not possible. An answer, never an exception.
 *
 * @param code kebab-case, listed in docs/reference/errors.md
 * @param text one sentence for a person: the thing, what was given, what is allowed
 * @param details the same facts for programs, may be empty
 */
public record Refusal(String code, String text, Map<String, String> details)
    implements CborSerializable {
  public Refusal {
    details =
        details == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  /** A refusal without details. */
  public static Refusal of(String code, String text) {
    return new Refusal(code, text, Map.of());
  }
}

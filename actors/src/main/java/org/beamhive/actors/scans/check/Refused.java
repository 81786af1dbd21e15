package org.beamhive.actors.scans.check;

import java.util.Map;
import org.beamhive.protocol.model.Refusal;

/** A request can't become a plan. Never leaves the scans: the registry answers with the refusal. */
public final class Refused extends Exception {
  private final transient Refusal refusal;

  /** For this reason. */
  public Refused(Refusal refusal) {
    super(refusal.text(), null, false, false);
    this.refusal = refusal;
  }

  /** The answer. */
  public Refusal refusal() {
    return refusal;
  }

  /** With a code and a text. */
  public static Refused of(String code, String text) {
    return new Refused(Refusal.of(code, text));
  }

  /** Of an argument, whose name goes before the text. */
  static Refused argument(String code, String argument, String text) {
    return new Refused(new Refusal(code, argument + ": " + text, Map.of("argument", argument)));
  }
}

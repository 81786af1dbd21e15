package org.beamhive.actors.scans.check;

import java.util.Map;
import org.beamhive.protocol.model.Value;

/** The checked arguments of one request. */
public final class Arguments {
  private final Beamline beamline;
  private final Value.Fields metadata;
  private final Map<String, Value> given;
  private final Map<String, Object> parsed;

  Arguments(
      Beamline beamline,
      Value.Fields metadata,
      Map<String, Value> given,
      Map<String, Object> parsed) {
    this.beamline = beamline;
    this.metadata = metadata;
    this.given = given;
    this.parsed = parsed;
  }

  /** The devices that they were checked against. */
  public Beamline beamline() {
    return beamline;
  }

  /** What the client adds to the start document beside the arguments. */
  public Value.Fields metadata() {
    return metadata;
  }

  /** The argument, checked, or its default. */
  @SuppressWarnings("unchecked") // Declaration.bind put there what the parameter's type made
  public <T> T get(Parameter<T> parameter) {
    return (T) parsed.get(parameter.name());
  }

  /** The argument as the client gave it, or the default. */
  public Value given(Parameter<?> parameter) {
    return given.get(parameter.name());
  }
}

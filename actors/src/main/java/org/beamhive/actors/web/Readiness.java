package org.beamhive.actors.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a node can do its part of an experiment.
 *
 * @param problems what is missing, a sentence by the name of the part; empty if nothing is
 * @param information what is worth knowing but keeps nothing from running, likewise
 */
public record Readiness(Map<String, String> problems, Map<String, String> information) {
  public Readiness {
    problems = Collections.unmodifiableMap(new TreeMap<>(problems));
    information = Collections.unmodifiableMap(new TreeMap<>(information));
  }

  /** Whether nothing is missing. */
  public boolean ready() {
    return problems.isEmpty();
  }

  /** What {@code /health/ready} answers. */
  public String json() {
    ObjectNode answer = Json.object().put("ready", ready());
    ObjectNode missing = answer.putObject("problems");
    problems.forEach(missing::put);
    ObjectNode known = answer.putObject("information");
    information.forEach(known::put);
    return answer.toString();
  }
}

package org.beamhive.launcher.join;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.launcher.join.Greeting.Answer;

/**
 * What a node that wants to join knows about the others, and what follows from it. Immutable; knows
 * no actor and no clock.
 */
final class Contacts {
  /** How long an answer counts. */
  static final Duration FRESH = Duration.ofSeconds(4);

  /** How long the others are given to answer before a node may think that there is no cluster. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  /** What a node knows of another one. */
  private record Known(Optional<Answer> answer, Instant at, Optional<String> trouble) {
    static final Known NOTHING =
        new Known(Optional.empty(), Instant.MIN, Optional.of("has not answered yet"));

    boolean fresh(Instant now) {
      return answer.isPresent() && at.plus(FRESH).isAfter(now);
    }
  }

  private final Map<String, Known> known;
  private final Instant since;

  private Contacts(Map<String, Known> known, Instant since) {
    this.known = known;
    this.since = since;
  }

  /**
   * At the start.
   *
   * @param others {@code host:port} of each, without the node itself
   * @param now the time of the first question
   */
  static Contacts of(List<String> others, Instant now) {
    Map<String, Known> known = new LinkedHashMap<>();
    others.forEach(other -> known.put(other, Known.NOTHING));
    return new Contacts(known, now);
  }

  private Contacts with(String address, Known what) {
    if (!known.containsKey(address)) {
      return this;
    }
    Map<String, Known> next = new LinkedHashMap<>(known);
    next.put(address, what);
    return new Contacts(next, since);
  }

  /** Another one has answered. */
  Contacts answered(Answer answer, Instant now) {
    return with(answer.contact(), new Known(Optional.of(answer), now, Optional.empty()));
  }

  /** Why another one can't be reached; empty if the connection can be made. */
  Contacts tried(String address, Optional<String> trouble) {
    Known before = known.getOrDefault(address, Known.NOTHING);
    return with(address, new Known(before.answer(), before.at(), trouble));
  }

  /** An address that turned out to be the node itself. */
  Contacts without(String address) {
    Map<String, Known> next = new LinkedHashMap<>(known);
    next.remove(address);
    return new Contacts(next, since);
  }

  /** Whom to ask. */
  List<String> addresses() {
    return List.copyOf(known.keySet());
  }

  /** Those that have not answered of late. */
  List<String> silent(Instant now) {
    return known.entrySet().stream()
        .filter(one -> !one.getValue().fresh(now))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Those that are in a cluster. */
  List<String> inCluster(Instant now) {
    List<String> found = new ArrayList<>();
    known.forEach(
        (address, one) -> {
          if (one.fresh(now) && one.answer().orElseThrow().inCluster()) {
            found.add(address);
          }
        });
    return found;
  }

  /** Whether there is reason to think that nobody has a cluster. */
  boolean nobodyHasACluster(Instant now) {
    return inCluster(now).isEmpty()
        && (silent(now).isEmpty() || !since.plus(PATIENCE).isAfter(now));
  }

  /** What is known about each, a few words each. */
  String shown(Instant now) {
    List<String> words = new ArrayList<>();
    known.forEach((address, one) -> words.add(address + ": " + words(one, now)));
    return String.join("; ", words);
  }

  private static String words(Known one, Instant now) {
    if (one.fresh(now)) {
      return switch (one.answer().orElseThrow().status()) {
        case "Removed" -> "is up, but not in a cluster itself yet";
        case "Up", "WeaklyUp", "Joining", "Leaving" -> "is in a cluster and lets this node in now";
        default -> "is just going out of its cluster";
      };
    }
    return one.trouble()
        .orElse(
            "takes connections, but does not answer (is it a Beamhive node, is this its"
                + " beamhive.node.host and port, is it frozen?)");
  }
}

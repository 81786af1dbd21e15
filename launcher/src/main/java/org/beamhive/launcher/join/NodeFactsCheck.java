package org.beamhive.launcher.join;

import akka.cluster.ConfigValidation;
import akka.cluster.Invalid;
import akka.cluster.JoinConfigCompatChecker;
import akka.cluster.Valid$;
import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The net below the greeting: Akka compares the facts of both sides when a node asks to join, and
 * keeps out what does not fit, also a node that never greeted. Akka makes it by its name.
 */
public final class NodeFactsCheck extends JoinConfigCompatChecker {
  @Override
  public Seq<String> requiredKeys() {
    return seq(NodeFacts.KEYS);
  }

  @Override
  public ConfigValidation check(Config toCheck, Config actual) {
    NodeFacts own =
        NodeFacts.in(actual)
            .orElseThrow(() -> new IllegalStateException("no " + NodeFacts.SECTION + " here"));
    Optional<String> misfit =
        NodeFacts.in(toCheck)
            .map(other -> own.misfit("on the other side", other))
            .orElseGet(() -> Optional.of("it does not say what it is (" + NodeFacts.SECTION + ")"));
    return misfit
        .<ConfigValidation>map(why -> new Invalid(seq(List.of(why))))
        .orElse(Valid$.MODULE$);
  }

  private static Seq<String> seq(List<String> list) {
    return CollectionConverters.asScala(list).toList();
  }
}

package org.beamhive.launcher.node;

import akka.actor.ActorIdentity;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.SingletonActor;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The way to a singleton, on a node that is a cluster of its own. */
class SingletonProxyTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ActorTestKit kit =
      ActorTestKit.create(
          "proxies",
          ConfigFactory.parseString(
                  """
                  akka.actor.provider = cluster
                  akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                  akka.cluster { roles = [control], downing-provider-class = "" }
                  akka.cluster.singleton-proxy.singleton-identification-interval = 50 ms
                  """)
              .withFallback(ConfigFactory.load()));
  private final TestProbe<String> singleton = kit.createTestProbe();
  private final TestProbe<String> dead = kit.createTestProbe();

  @AfterEach
  void end() {
    kit.shutdownTestKit();
  }

  private ActorRef<String> start() {
    Behavior<String> behavior =
        Behaviors.receive(String.class)
            .onAnyMessage(
                text -> {
                  singleton.ref().tell(text);
                  return Behaviors.same();
                })
            .build();
    return SingletonProxy.start(kit.system(), SingletonActor.of(behavior, "one"), "control");
  }

  private void form() {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
  }

  /** As a node that was frozen answers what it was asked before others took over. */
  private void saysThatItIsTheSingleton(ActorRef<String> proxy) {
    Adapter.toClassic(proxy)
        .tell(
            new ActorIdentity(
                "akka://beamhive@127.0.0.1:1#1", scala.Option.apply(Adapter.toClassic(dead.ref()))),
            akka.actor.ActorRef.noSender());
  }

  @Test
  void believesNobodyButTheOldestMember() {
    ActorRef<String> proxy = start();
    proxy.tell("early");
    saysThatItIsTheSingleton(proxy);
    proxy.tell("early, too");
    form();
    singleton.expectMessage(LONG, "early");
    singleton.expectMessage(LONG, "early, too");

    saysThatItIsTheSingleton(proxy);
    proxy.tell("late");
    singleton.expectMessage(LONG, "late");
    dead.expectNoMessage();
  }
}

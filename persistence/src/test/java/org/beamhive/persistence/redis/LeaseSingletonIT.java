package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.Down;
import akka.cluster.typed.Join;
import akka.cluster.typed.SingletonActor;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.stream.StreamSupport;
import org.beamhive.persistence.redis.UnreliableProxy.Swallowed;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A cluster singleton with a lease. */
@Tag("faults")
class LeaseSingletonIT {

  private static final Duration LONG = Duration.ofSeconds(20);

  private static Config node(RedisServerForTest redis, String... lines) {
    return redis.config(
        String.join("\n", lines),
        """
        akka.actor.provider = cluster
        akka.remote.artery.canonical { hostname = 127.0.0.1, port = 0 }
        akka.cluster.jmx.enabled = off
        akka.cluster { gossip-interval = 100ms, leader-actions-interval = 100ms, periodic-tasks-initial-delay = 100ms }
        akka.cluster.singleton {
          use-lease = "beamhive.persistence.redis.lease"
          lease-retry-interval = 200ms
          hand-over-retry-interval = 100ms, min-number-of-hand-over-retries = 5
        }
        beamhive.persistence.redis.lease {
          heartbeat-timeout = 5s, heartbeat-interval = 100ms, lease-operation-timeout = 8s
        }
        """);
  }

  /** Says when it begins and ends. */
  private static Behavior<String> singleton(ActorRef<String> told) {
    return Behaviors.setup(
        context -> {
          told.tell("started");
          return Behaviors.receive(String.class)
              .onSignal(
                  PostStop.class,
                  stop -> {
                    told.tell("stopped");
                    return Behaviors.same();
                  })
              .build();
        });
  }

  private static TestProbe<String> join(ActorTestKit node, ActorTestKit first, int size) {
    Cluster cluster = Cluster.get(node.system());
    cluster.manager().tell(Join.create(Cluster.get(first.system()).selfMember().address()));
    Eventually.is(() -> up(first) == size && up(node) == size, () -> size + " nodes are up");
    TestProbe<String> probe = node.createTestProbe();
    ClusterSingleton.get(node.system())
        .init(SingletonActor.of(singleton(probe.getRef()), "guarded"));
    return probe;
  }

  private static long up(ActorTestKit node) {
    return StreamSupport.stream(
            Cluster.get(node.system()).state().getMembers().spliterator(), false)
        .map(Member::status)
        .filter(MemberStatus.up()::equals)
        .count();
  }

  @Test
  void stopsWhereItsLeaseIsLostAndBeginsElsewhereWhenThatNodeIsDowned() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        UnreliableProxy proxy = new UnreliableProxy(redis.port())) {
      ActorTestKit a =
          ActorTestKit.create(
              "hive",
              // It can't take its leave of a cluster that has downed it.
              node(
                  redis,
                  proxy.config(),
                  "akka.coordinated-shutdown.run-by-actor-system-terminate = off",
                  "akka.cluster.run-coordinated-shutdown-when-down = off"));
      ActorTestKit b = ActorTestKit.create("hive", node(redis));
      try {
        TestProbe<String> onA = join(a, a, 1);
        onA.expectMessage(LONG, "started");
        TestProbe<String> onB = join(b, a, 2);

        proxy.swallow(Swallowed.EVERYTHING);
        onA.expectMessage(LONG, "stopped");
        onB.expectNoMessage(Duration.ZERO);
        Cluster.get(b.system())
            .manager()
            .tell(new Down(Cluster.get(a.system()).selfMember().address()));
        onB.expectMessage(LONG, "started");

        assertThat(redis.keys("beamhive:lease:*"))
            .hasSize(1)
            .allMatch(key -> key.contains("guarded"));
      } finally {
        a.shutdownTestKit();
        b.shutdownTestKit();
      }
      String key = redis.keys("beamhive:lease:*").get(0);
      String owner = redis.ask(commands -> commands.hget(key, "owner"));
      assertThat(owner).as("owner after the end of the last node, which has released it").isEmpty();
    }
  }
}

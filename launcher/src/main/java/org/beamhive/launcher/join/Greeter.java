package org.beamhive.launcher.join;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.coordination.lease.javadsl.Lease;
import java.util.Optional;
import java.util.Set;
import org.beamhive.launcher.join.Greeting.Answer;
import org.beamhive.launcher.join.Greeting.Farewell;
import org.beamhive.launcher.join.Greeting.Question;

/**
 * Says who this node is to whoever asks, member or not, and hears when its cluster has removed it.
 * It is found by its path, and what it hears and says are strings, so that nodes of any two
 * versions understand each other.
 */
final class Greeter {
  static final String NAME = "beamhive-greeter";
  private static final Set<MemberStatus> IN_CLUSTER =
      Set.of(
          MemberStatus.joining(),
          MemberStatus.weaklyUp(),
          MemberStatus.up(),
          MemberStatus.leaving());

  private Greeter() {}

  /** Its path on a node, {@code host:port}. */
  static String path(ActorSystem<?> system, String address) {
    return "akka://" + system.name() + "@" + address + "/system/" + NAME;
  }

  /** Starts it. */
  static void start(ActorSystem<?> system, NodeFacts facts, Optional<Lease> lease) {
    ActorRef<String> greeter = system.systemActorOf(create(facts, lease), NAME, Props.empty());
    system.log().debug("{} is started", greeter.path());
  }

  private static Behavior<String> create(NodeFacts facts, Optional<Lease> lease) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(Greeter.class);
          return Behaviors.receive(String.class)
              .onAnyMessage(
                  text -> {
                    Greeting.question(text)
                        .ifPresent(asked -> answer(context, facts, lease, asked));
                    Greeting.farewell(text).ifPresent(said -> leave(context, said));
                    return Behaviors.same();
                  })
              .build();
        });
  }

  /**
   * The others have gone on without this node. If the way to them is free again before it notices
   * that it was cut off, nothing else would ever tell it: they do not listen to it any more.
   */
  private static void leave(ActorContext<String> context, Farewell said) {
    Cluster cluster = Cluster.get(context.getSystem());
    Member self = cluster.selfMember();
    if (said.uid() == self.uniqueAddress().longUid()
        && !self.status().equals(MemberStatus.down())
        && CoordinatedShutdown.get(context.getSystem()).getShutdownReason().isEmpty()) {
      context.getLog().error("Node {} says that this one is out of its cluster", said.from());
      // as if it had decided so itself: one that left in good order would wait for the others
      cluster.manager().tell(new Down(self.address()));
    }
  }

  private static void answer(
      ActorContext<String> context, NodeFacts facts, Optional<Lease> lease, Question asked) {
    ActorSystem<?> system = context.getSystem();
    Member self = Cluster.get(system).selfMember();
    // one that is ending has no cluster any more for which it could hold it, however long it takes
    boolean ending = CoordinatedShutdown.get(system).getShutdownReason().isPresent();
    facts
        .misfit(asked.from(), asked.facts())
        .ifPresent(why -> context.getLog().info("Does not fit: {}", why));
    ActorRef<String> replyTo = ActorRefResolver.get(system).resolveActorRef(asked.replyTo());
    replyTo.tell(
        Greeting.write(
            new Answer(
                asked.contact(),
                self.uniqueAddress().longUid(),
                IN_CLUSTER.contains(self.status()),
                !ending && lease.map(Lease::checkLease).orElse(false),
                self.status().toString(),
                facts)));
  }
}

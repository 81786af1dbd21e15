package org.beamhive.launcher.join;

import akka.actor.Address;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.Subscribe;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Notices at once that the process of another node has died, so that its work is taken over without
 * waiting until its heart-beats are missed.
 *
 * <p>It holds a connection to the port of every other member and never sends anything. When a
 * process dies, its operating system ends the connection and refuses new ones; when a process is
 * only frozen or the network is cut, nothing comes at all. So a connection that has ended, followed
 * by several that are refused, is certain enough to take the member out of the cluster. Everything
 * else is left to the failure detector and the split brain resolver.
 */
final class ProcessWatch {
  private static final Duration AGAIN = Duration.ofMillis(100);
  private static final Duration LATER = Duration.ofSeconds(2);
  private static final int REFUSALS = 3;
  // until Akka stops to talk to a removed node (akka.cluster.quarantine-removed-node-after)
  private static final int FAREWELLS = 5;
  private static final Duration FAREWELL_INTERVAL = Duration.ofSeconds(1);

  /** What it is told. */
  sealed interface Command {}

  private record Seen(MemberEvent event) implements Command {}

  private record Connected(UniqueAddress node, AsynchronousSocketChannel channel)
      implements Command {}

  /** The connection has ended, or there is none. */
  private record Lost(UniqueAddress node, boolean refused) implements Command {}

  private record Connect(UniqueAddress node) implements Command {}

  private record SayFarewell(UniqueAddress node, int left) implements Command {}

  /**
   * A member that is watched.
   *
   * @param channel to its port; null as long as there is none
   * @param wasConnected whether there ever was one: a port that never answered proves nothing
   * @param refusals in a row
   */
  private record Watched(AsynchronousSocketChannel channel, boolean wasConnected, int refusals) {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Cluster cluster;
  // where this node's connections come from; empty if the system decides
  private final String from;
  private final Map<UniqueAddress, Watched> watched = new HashMap<>();

  private ProcessWatch(ActorContext<Command> context, TimerScheduler<Command> timers) {
    this.context = context;
    this.timers = timers;
    this.cluster = Cluster.get(context.getSystem());
    this.from =
        context
            .getSystem()
            .settings()
            .config()
            .getString("akka.remote.artery.advanced.tcp.outbound-client-hostname");
  }

  /** Watches over all other members as long as this node is one. */
  static Behavior<Command> create() {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(ProcessWatch.class);
          return Behaviors.withTimers(timers -> new ProcessWatch(context, timers).begin());
        });
  }

  private Behavior<Command> begin() {
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(MemberEvent.class, Seen::new), MemberEvent.class));
    return Behaviors.receive(Command.class)
        .onMessage(Seen.class, this::onSeen)
        .onMessage(Connect.class, this::onConnect)
        .onMessage(Connected.class, this::onConnected)
        .onMessage(Lost.class, this::onLost)
        .onMessage(SayFarewell.class, this::onSayFarewell)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onSeen(Seen seen) {
    Member member = seen.event().member();
    UniqueAddress node = member.uniqueAddress();
    if (node.equals(cluster.selfMember().uniqueAddress())) {
      return Behaviors.same();
    }
    if (seen.event() instanceof MemberRemoved removed) {
      MemberFailureDetector.removed(node.address().toString());
      // also to one whose process seems to have died: if it has not, nobody else tells it
      if (removed.previousStatus().equals(MemberStatus.down()) && !ending()) {
        context.getSelf().tell(new SayFarewell(node, FAREWELLS));
      }
    }
    if (seen.event() instanceof MemberUp && !watched.containsKey(node)) {
      watched.put(node, new Watched(null, false, 0));
      connect(node);
    } else if (seen.event() instanceof MemberRemoved || !isUp(node)) {
      // who leaves in good order closes its port, too
      forget(node);
    }
    return Behaviors.same();
  }

  /** More than once, since whatever it was cut off by may not be over. */
  private Behavior<Command> onSayFarewell(SayFarewell say) {
    if (ending()) {
      return Behaviors.same();
    }
    ActorSystem<?> system = context.getSystem();
    Address address = say.node().address();
    Adapter.toClassic(system)
        .actorSelection(Greeter.path(system, NodeJoining.hostPort(address)))
        .tell(
            Greeting.write(
                new Greeting.Farewell(
                    say.node().longUid(), NodeJoining.hostPort(cluster.selfMember().address()))),
            akka.actor.ActorRef.noSender());
    if (say.left() > 1) {
      timers.startSingleTimer(
          new SayFarewell(say.node(), 0),
          new SayFarewell(say.node(), say.left() - 1),
          FAREWELL_INTERVAL);
    }
    return Behaviors.same();
  }

  /** What such a node decides counts for nobody else: it may be the one that was taken out. */
  private boolean ending() {
    return CoordinatedShutdown.get(context.getSystem()).getShutdownReason().isPresent();
  }

  private boolean isUp(UniqueAddress node) {
    for (Member member : cluster.state().getMembers()) {
      if (member.uniqueAddress().equals(node)) {
        return member.status().equals(MemberStatus.up());
      }
    }
    return false;
  }

  private void forget(UniqueAddress node) {
    timers.cancel(node);
    Watched gone = watched.remove(node);
    if (gone != null && gone.channel() != null) {
      close(gone.channel());
    }
  }

  private Behavior<Command> onConnect(Connect connect) {
    if (watched.containsKey(connect.node())) {
      connect(connect.node());
    }
    return Behaviors.same();
  }

  private void connect(UniqueAddress node) {
    ActorRef<Command> self = context.getSelf();
    Address address = node.address();
    AsynchronousSocketChannel channel;
    try {
      channel = AsynchronousSocketChannel.open();
    } catch (IOException failed) {
      self.tell(new Lost(node, false));
      return;
    }
    try {
      if (!from.isEmpty()) {
        channel.bind(new InetSocketAddress(from, 0));
      }
      channel.connect(
          new InetSocketAddress(
              address.getHost().orElse(""), address.getPort().map(Integer.class::cast).orElse(0)),
          null,
          new CompletionHandler<Void, Void>() {
            @Override
            public void completed(Void done, Void none) {
              self.tell(new Connected(node, channel));
            }

            @Override
            public void failed(Throwable failure, Void none) {
              close(channel);
              self.tell(new Lost(node, failure instanceof ConnectException));
            }
          });
    } catch (IOException | RuntimeException failed) {
      close(channel);
      self.tell(new Lost(node, false));
    }
  }

  private Behavior<Command> onConnected(Connected connected) {
    UniqueAddress node = connected.node();
    if (!watched.containsKey(node)) {
      close(connected.channel());
      return Behaviors.same();
    }
    watched.put(node, new Watched(connected.channel(), true, 0));
    ActorRef<Command> self = context.getSelf();
    connected
        .channel()
        .read(
            ByteBuffer.allocate(1),
            null,
            new CompletionHandler<Integer, Void>() {
              @Override
              public void completed(Integer bytes, Void none) {
                self.tell(new Lost(node, false));
              }

              @Override
              public void failed(Throwable failure, Void none) {
                self.tell(new Lost(node, false));
              }
            });
    return Behaviors.same();
  }

  private Behavior<Command> onLost(Lost lost) {
    UniqueAddress node = lost.node();
    Watched before = watched.get(node);
    if (before == null) {
      return Behaviors.same();
    }
    if (before.channel() != null) {
      close(before.channel());
    }
    int refusals = lost.refused() ? before.refusals() + 1 : 0;
    watched.put(node, new Watched(null, before.wasConnected(), refusals));
    if (refusals >= REFUSALS && before.wasConnected() && isUp(node)) {
      context
          .getLog()
          .warn(
              "The process of node {} has died: its connection has ended and its port refuses new"
                  + " ones. It is taken out of the cluster",
              node.address());
      // the leader removes it as soon as it counts as unreachable, too
      MemberFailureDetector.died(node.address().toString());
      cluster.manager().tell(new Down(node.address()));
      forget(node);
      return Behaviors.same();
    }
    boolean soon = before.wasConnected() && (refusals > 0 || before.channel() != null);
    timers.startSingleTimer(node, new Connect(node), soon ? AGAIN : LATER);
    return Behaviors.same();
  }

  private Behavior<Command> onStop() {
    watched.values().stream()
        .filter(each -> each.channel() != null)
        .forEach(each -> close(each.channel()));
    return Behaviors.same();
  }

  private static void close(AsynchronousSocketChannel channel) {
    try {
      channel.close();
    } catch (IOException closedAlready) {
      // nothing is lost with it
    }
  }
}

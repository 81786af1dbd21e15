package org.beamhive.launcher.join;

import akka.Done;
import akka.actor.Address;
import akka.actor.AddressFromURIString;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import akka.cluster.typed.SelfUp;
import akka.cluster.typed.Subscribe;
import akka.coordination.lease.javadsl.Lease;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.beamhive.cluster.JoinSettings;

/**
 * Brings a node into its cluster. It asks the other nodes who they are until it is a member:
 *
 * <ul>
 *   <li>one of them does not fit: the node is refused with a sentence;
 *   <li>one of them is in a cluster: it joins that one;
 *   <li>none of them is: with seed nodes the first one forms the cluster; with contact points the
 *       one that gets the formation lease.
 * </ul>
 *
 * <p>What it waits for it says every five seconds. With seed nodes it ends when the node is a
 * member. With contact points it goes on to look at those that are not in its cluster: if one of
 * them holds the formation lease for a while, there is another cluster of this beamline, as after a
 * long freeze of this one, and this node makes room for it.
 */
public final class NodeJoining {
  private static final Duration ASK_INTERVAL = Duration.ofMillis(500);
  private static final Duration WATCH_INTERVAL = Duration.ofSeconds(2);
  // longer than a split brain resolver takes to end the losing side by itself
  private static final Duration RIVAL_PATIENCE = Duration.ofSeconds(10);
  private static final Duration REPORT_INTERVAL = Duration.ofSeconds(5);

  private sealed interface Command {}

  private enum Tick implements Command {
    ASK,
    PROBE,
    TIMED_OUT
  }

  private record Heard(String text) implements Command {}

  private record Probed(String contact, Optional<String> trouble, boolean last)
      implements Command {}

  private record LeaseAnswered(FormationLease.Outcome outcome) implements Command {}

  private record BecameMember() implements Command {}

  /**
   * How a node joins.
   *
   * @param settings whom it joins
   * @param facts what it is
   * @param tls how it connects to other nodes, if by TLS
   * @param lease the formation lease; only asked for with contact points
   * @param holder who holds it, as it was last seen: a node's unique address
   */
  public record Plan(
      JoinSettings settings,
      NodeFacts facts,
      Optional<SSLContext> tls,
      Supplier<Lease> lease,
      Supplier<Optional<String>> holder) {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Plan plan;
  private final Clock clock;
  private final CompletableFuture<Done> joined;
  private final Optional<ActorRef<FormationLease.Command>> lease;
  private final Duration rivalPatience;
  private final ConnectionProbe probe;
  private final String self;
  private final String replyTo;
  private Contacts contacts;
  private boolean joining;
  private boolean forming;
  private boolean leaseAsked;
  private Instant rivalSince = Instant.MAX;
  private Instant rivalLast = Instant.MIN;
  private String leaseTrouble = "";

  private NodeJoining(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Plan plan,
      Clock clock,
      Optional<ActorRef<FormationLease.Command>> lease,
      Duration rivalPatience,
      CompletableFuture<Done> joined) {
    this.context = context;
    this.timers = timers;
    this.plan = plan;
    this.clock = clock;
    this.lease = lease;
    this.rivalPatience = rivalPatience;
    this.joined = joined;
    this.probe = new ConnectionProbe(plan.tls());
    this.self = hostPort(Cluster.get(context.getSystem()).selfMember().address());
    this.replyTo =
        ActorRefResolver.get(context.getSystem())
            .toSerializationFormat(context.messageAdapter(String.class, Heard::new));
    this.contacts =
        Contacts.of(
            listed().stream().filter(address -> !address.equals(self)).toList(), clock.instant());
  }

  /**
   * Starts to join, and answers other nodes from now on.
   *
   * @return done when the node is a member; fails with a {@link JoinFailure}
   */
  public static CompletionStage<Done> start(ActorSystem<?> system, Plan plan) {
    return start(system, plan, RIVAL_PATIENCE);
  }

  static CompletionStage<Done> start(ActorSystem<?> system, Plan plan, Duration rivalPatience) {
    CompletableFuture<Done> joined = new CompletableFuture<>();
    Optional<Lease> lease =
        plan.settings().contactPoints().isEmpty()
            ? Optional.empty()
            : Optional.of(plan.lease().get());
    Greeter.start(system, plan.facts(), lease);
    Optional<ActorRef<FormationLease.Command>> keeper =
        lease.map(
            it ->
                system.systemActorOf(
                    FormationLease.create(it), "beamhive-formation-lease", Props.empty()));
    system.systemActorOf(
        create(plan, keeper, rivalPatience, joined), "beamhive-joining", Props.empty());
    system
        .getWhenTerminated()
        .thenRun(
            () ->
                joined.completeExceptionally(
                    new JoinFailure(
                        ending(system).orElse("the node was ended before it was in its cluster"))));
    return joined;
  }

  /** Why a node's cluster ended it, as a sentence; empty if it was ended by people. */
  public static Optional<String> ending(ActorSystem<?> system) {
    return EndingReason.of(system);
  }

  private static Behavior<Command> create(
      Plan plan,
      Optional<ActorRef<FormationLease.Command>> lease,
      Duration rivalPatience,
      CompletableFuture<Done> joined) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(NodeJoining.class);
          return Behaviors.withTimers(
              timers ->
                  new NodeJoining(
                          context, timers, plan, Clock.systemUTC(), lease, rivalPatience, joined)
                      .begin());
        });
  }

  private List<String> listed() {
    JoinSettings settings = plan.settings();
    return settings.contactPoints().isEmpty() ? settings.seedNodes() : settings.contactPoints();
  }

  private Behavior<Command> begin() {
    Cluster cluster = Cluster.get(context.getSystem());
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(SelfUp.class, up -> new BecameMember()), SelfUp.class));
    plan.settings().timeout().ifPresent(time -> timers.startSingleTimer(Tick.TIMED_OUT, time));
    if (listed().isEmpty()) {
      joining = true;
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    } else {
      timers.startTimerWithFixedDelay(Tick.ASK, Duration.ZERO, ASK_INTERVAL);
      timers.startTimerWithFixedDelay(Tick.PROBE, REPORT_INTERVAL);
    }
    return Behaviors.receive(Command.class)
        .onMessageEquals(Tick.ASK, this::onAsk)
        .onMessageEquals(Tick.PROBE, this::onProbe)
        .onMessageEquals(Tick.TIMED_OUT, this::onTimedOut)
        .onMessage(Heard.class, this::onHeard)
        .onMessage(Probed.class, this::onProbed)
        .onMessage(LeaseAnswered.class, this::onLeaseAnswered)
        .onMessage(BecameMember.class, up -> onMember())
        .build();
  }

  // ------------------------------------------------------------------ asking

  private Behavior<Command> onAsk() {
    contacts.addresses().forEach(this::ask);
    return decide();
  }

  private void ask(String contact) {
    ActorSystem<?> system = context.getSystem();
    Adapter.toClassic(system)
        .actorSelection(Greeter.path(system, contact))
        .tell(
            Greeting.write(new Greeting.Question(contact, self, replyTo, plan.facts())),
            akka.actor.ActorRef.noSender());
  }

  private Behavior<Command> onHeard(Heard heard) {
    Optional<Greeting.Answer> answer = Greeting.answer(heard.text());
    if (answer.isEmpty()) {
      return Behaviors.same();
    }
    Greeting.Answer said = answer.get();
    long uid = Cluster.get(context.getSystem()).selfMember().uniqueAddress().longUid();
    if (said.uid() == uid) {
      contacts = contacts.without(said.contact());
      return decide();
    }
    Optional<String> misfit = plan.facts().misfit(said.contact(), said.facts());
    if (misfit.isPresent()) {
      return end(misfit.get());
    }
    contacts = contacts.answered(said, clock.instant());
    return decide();
  }

  private Behavior<Command> decide() {
    Instant now = clock.instant();
    // the cluster that it was about to join may be gone again
    joining = joining && (forming || !contacts.inCluster(now).isEmpty());
    if (joining) {
      return Behaviors.same();
    }
    if (!contacts.inCluster(now).isEmpty()) {
      // those in a cluster first; the others in case that these go away just now
      List<String> seeds = new ArrayList<>(contacts.inCluster(now));
      contacts.addresses().stream().filter(one -> !seeds.contains(one)).forEach(seeds::add);
      return join(seeds);
    }
    if (!contacts.nobodyHasACluster(now)) {
      return Behaviors.same();
    }
    if (lease.isPresent()) {
      takeLease(lease.get());
    } else if (plan.settings().seedNodes().get(0).equals(self)) {
      return form();
    }
    return Behaviors.same();
  }

  private void takeLease(ActorRef<FormationLease.Command> keeper) {
    if (!leaseAsked) {
      leaseAsked = true;
      keeper.tell(
          new FormationLease.Take(
              context.messageAdapter(FormationLease.Outcome.class, LeaseAnswered::new)));
    }
  }

  private Behavior<Command> onLeaseAnswered(LeaseAnswered answered) {
    leaseAsked = false;
    leaseTrouble =
        answered
            .outcome()
            .trouble()
            .map(why -> "; the formation lease can't be asked for: " + why)
            .orElse("; the formation lease is held by another node");
    return answered.outcome().taken() && !joining ? form() : Behaviors.same();
  }

  private Behavior<Command> form() {
    forming = true;
    List<String> seeds = new ArrayList<>(List.of(self));
    seeds.addAll(contacts.addresses());
    context.getLog().info("No other node has a cluster of this beamline: this one forms it");
    return join(seeds);
  }

  private Behavior<Command> join(List<String> seeds) {
    joining = true;
    String system = "akka://" + context.getSystem().name() + "@";
    List<Address> addresses =
        seeds.stream().map(seed -> AddressFromURIString.parse(system + seed)).toList();
    Cluster.get(context.getSystem()).manager().tell(new JoinSeedNodes(addresses));
    return Behaviors.same();
  }

  // ------------------------------------------------------------------ saying why

  private Behavior<Command> onProbe() {
    List<String> silent = contacts.silent(clock.instant());
    if (silent.isEmpty()) {
      report();
    }
    for (int i = 0; i < silent.size(); i++) {
      String contact = silent.get(i);
      boolean last = i == silent.size() - 1;
      context.pipeToSelf(
          CompletableFuture.supplyAsync(
              () -> probe.trouble(contact),
              context.getSystem().dispatchers().lookup(DispatcherSelector.blocking())),
          (trouble, failure) ->
              new Probed(
                  contact, failure == null ? trouble : Optional.of(failure.toString()), last));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onProbed(Probed probed) {
    contacts = contacts.tried(probed.contact(), probed.trouble());
    if (probed.last()) {
      report();
    }
    return Behaviors.same();
  }

  private void report() {
    context.getLog().warn("Not in the cluster yet: {}", reasons());
  }

  private String reasons() {
    return contacts.shown(clock.instant()) + (joining ? "" : leaseTrouble);
  }

  private Behavior<Command> onMember() {
    joined.complete(Done.getInstance());
    context
        .getSystem()
        .systemActorOf(ProcessWatch.create(), "beamhive-process-watch", Props.empty());
    if (lease.isEmpty()) {
      return Behaviors.stopped();
    }
    lease.get().tell(FormationLease.Hold.HOLD);
    timers.cancelAll();
    timers.startTimerWithFixedDelay(Tick.ASK, WATCH_INTERVAL);
    return Behaviors.receive(Command.class)
        .onMessageEquals(Tick.ASK, this::onWatch)
        .onMessage(Heard.class, this::onHeardAsMember)
        .onAnyMessage(late -> Behaviors.same())
        .build();
  }

  // ------------------------------------------------------------------ as a member

  /**
   * Looks for another cluster of this beamline: nodes that have removed this one do not talk to it
   * any more, but the formation lease tells that they live.
   */
  private Behavior<Command> onWatch() {
    Optional<String> rival = plan.holder().get().filter(holder -> !isMemberByUid(holder));
    if (rival.isPresent()) {
      return onRival(rival.get());
    }
    contacts.addresses().stream().filter(contact -> !isMember(contact)).forEach(this::ask);
    return Behaviors.same();
  }

  private Behavior<Command> onHeardAsMember(Heard heard) {
    return Greeting.answer(heard.text())
        .filter(answer -> answer.inCluster() && answer.holdsLease())
        .filter(answer -> !isMember(answer.contact()))
        .filter(answer -> answer.facts().beamline().equals(plan.facts().beamline()))
        .map(answer -> onRival(answer.contact()))
        .orElse(Behaviors.same());
  }

  /** One look is not enough: a node that goes away gives the lease back in a moment. */
  private Behavior<Command> onRival(String rival) {
    Instant now = clock.instant();
    if (rivalLast.plus(WATCH_INTERVAL.multipliedBy(3)).isBefore(now)) {
      rivalSince = now;
    }
    rivalLast = now;
    if (rivalSince.plus(rivalPatience).isAfter(now)) {
      return Behaviors.same();
    }
    context
        .getLog()
        .error(
            "Node {} is in another cluster of this beamline and holds its formation lease: this"
                + " node makes room and ends",
            rival);
    CoordinatedShutdown.get(context.getSystem()).runAll(EndingReason.SECOND_CLUSTER);
    return Behaviors.stopped();
  }

  private boolean isMemberByUid(String uniqueAddress) {
    for (Member member : Cluster.get(context.getSystem()).state().getMembers()) {
      if (member.uniqueAddress().toString().equals(uniqueAddress)) {
        return true;
      }
    }
    return false;
  }

  private boolean isMember(String contact) {
    for (Member member : Cluster.get(context.getSystem()).state().getMembers()) {
      if (hostPort(member.address()).equals(contact)) {
        return true;
      }
    }
    return false;
  }

  // ------------------------------------------------------------------ the end

  private Behavior<Command> onTimedOut() {
    return end(
        "this node did not come into the cluster of beamline '"
            + plan.facts().beamline()
            + "' within "
            + plan.settings().timeout().orElseThrow().toSeconds()
            + " s (beamhive.node.join-timeout): "
            + reasons());
  }

  private Behavior<Command> end(String why) {
    joined.completeExceptionally(new JoinFailure(why));
    return Behaviors.stopped();
  }

  static String hostPort(Address address) {
    return address.getHost().orElse("") + ":" + address.getPort().map(Object::toString).orElse("");
  }
}

package org.beamhive.launcher.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.Done;
import akka.actor.ActorSelection;
import akka.actor.AddressFromURIString;
import akka.actor.BootstrapSetup;
import akka.actor.CoordinatedShutdown;
import akka.actor.setup.ActorSystemSetup;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.Join;
import akka.cluster.typed.JoinSeedNodes;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import org.beamhive.cluster.JoinSettings;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.launcher.FreePort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes find each other over real remoting; the lease is a fake, several nodes are in one JVM. */
class NodeJoiningIT {
  private final List<ActorSystem<Void>> nodes = new ArrayList<>();
  private final FakeLeases leases = new FakeLeases();

  @AfterEach
  void end() {
    nodes.forEach(ActorSystem::terminate);
    nodes.forEach(node -> node.getWhenTerminated().toCompletableFuture().join());
  }

  private static int freePort() {
    return FreePort.next();
  }

  private static String at(int port) {
    return "127.0.0.1:" + port;
  }

  private static Config config(int port, String more) {
    return ConfigFactory.parseString(more)
        .withFallback(
            ConfigFactory.parseString(
                """
                akka.actor.provider = cluster
                akka.remote.artery.transport = tcp
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = %d }
                akka.cluster { gossip-interval = 200ms, leader-actions-interval = 200ms }
                akka.coordinated-shutdown.exit-jvm = off
                """
                    .formatted(port)))
        .withFallback(ConfigFactory.load());
  }

  private ActorSystem<Void> system(int port, String more, Optional<SSLContext> tls) {
    Config config = config(port, more);
    BootstrapSetup bootstrap = BootstrapSetup.create(NodeFacts.of(config).into(config));
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "beamhive",
            tls.map(context -> ActorSystemSetup.create(bootstrap, NodeTls.setup(context)))
                .orElseGet(() -> ActorSystemSetup.create(bootstrap)));
    nodes.add(system);
    return system;
  }

  private ActorSystem<Void> system(int port) {
    return system(port, "", Optional.empty());
  }

  private CompletionStage<Done> join(
      ActorSystem<?> system, Optional<SSLContext> tls, JoinSettings settings) {
    return join(system, tls, settings, leases);
  }

  private static CompletionStage<Done> join(
      ActorSystem<?> system, Optional<SSLContext> tls, JoinSettings settings, FakeLeases leases) {
    return NodeJoining.start(
        system,
        new NodeJoining.Plan(
            settings,
            NodeFacts.of(system.settings().config()),
            tls,
            () -> leases.of(Cluster.get(system).selfMember().uniqueAddress().toString()),
            leases::owner),
        Duration.ofSeconds(3));
  }

  private CompletionStage<Done> join(ActorSystem<?> system, JoinSettings settings) {
    return join(system, Optional.empty(), settings);
  }

  private static JoinSettings contacts(Duration timeout, List<String> contacts) {
    return new JoinSettings(List.of(), contacts, Optional.of(timeout));
  }

  private static JoinSettings seeds(List<String> seeds) {
    return new JoinSettings(seeds, List.of(), Optional.of(Duration.ofSeconds(40)));
  }

  private static void done(CompletionStage<Done> joined) {
    joined.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  private static String failure(CompletionStage<Done> joined) {
    CompletionException failed =
        (CompletionException) org.assertj.core.api.Assertions.catchThrowable(() -> done(joined));
    assertThat(failed).isNotNull();
    assertThat(failed.getCause()).isInstanceOf(JoinFailure.class);
    return failed.getCause().getMessage();
  }

  private static Optional<String> owner(ActorSystem<?> system) {
    return Optional.of(Cluster.get(system).selfMember().uniqueAddress().toString());
  }

  private static List<String> members(ActorSystem<?> system) {
    List<String> found = new ArrayList<>();
    for (Member member : Cluster.get(system).state().getMembers()) {
      found.add(member.address().hostPort());
    }
    return found;
  }

  private static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  @Test
  void nodesWithTheSameContactPointsMakeOneClusterWhateverTheirOrder() {
    List<Integer> ports = List.of(freePort(), freePort(), freePort());
    List<String> all = ports.stream().map(NodeJoiningIT::at).toList();
    List<CompletionStage<Done>> joined = new ArrayList<>();
    for (int port : ports) {
      joined.add(join(system(port), contacts(Duration.ofSeconds(40), all)));
    }
    joined.forEach(NodeJoiningIT::done);
    for (ActorSystem<Void> node : nodes) {
      await("three members", () -> members(node).size() == 3);
    }
    // one that is taken out by the others says so
    ActorSystem<Void> out =
        nodes.stream()
            .filter(node -> !leases.owner().equals(owner(node)))
            .findFirst()
            .orElseThrow();
    Cluster.get(out).manager().tell(new Down(Cluster.get(out).selfMember().address()));
    out.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(NodeJoining.ending(out).orElseThrow()).contains("was taken out of its cluster");
    // systems of one name are equal to each other
    nodes.removeIf(node -> node == out);
    // whoever formed it goes: another member takes the lease, so that nobody else can form one
    String former = leases.owner().orElseThrow();
    ActorSystem<Void> holder =
        nodes.stream()
            .filter(node -> owner(node).equals(Optional.of(former)))
            .findFirst()
            .orElseThrow();
    nodes.removeIf(node -> node == holder);
    CoordinatedShutdown.get(holder)
        .runAll(CoordinatedShutdown.actorSystemTerminateReason())
        .toCompletableFuture()
        .join();
    await(
        "another holder",
        () -> leases.owner().isPresent() && !leases.owner().equals(Optional.of(former)));
  }

  @Test
  void aNodeThatHearsThatItsClusterHasRemovedItEnds() {
    int port = freePort();
    ActorSystem<Void> node = system(port);
    done(join(node, contacts(Duration.ofSeconds(40), List.of(at(port)))));
    ActorSelection greeter = Adapter.toClassic(node).actorSelection(Greeter.path(node, at(port)));
    long uid = Cluster.get(node).selfMember().uniqueAddress().longUid();
    // meant for whoever was at this address before
    farewell(greeter, uid + 1);
    TestProbe<String> probe = TestProbe.create(node);
    String replyTo = ActorRefResolver.get(node).toSerializationFormat(probe.ref());
    greeter.tell(
        Greeting.write(
            new Greeting.Question(
                at(port), "somebody", replyTo, NodeFacts.of(node.settings().config()))),
        akka.actor.ActorRef.noSender());
    assertThat(Greeting.answer(probe.receiveMessage()).orElseThrow().inCluster()).isTrue();
    farewell(greeter, uid);
    node.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(NodeJoining.ending(node).orElseThrow()).contains("was taken out of its cluster");
  }

  @Test
  void aMemberThatIsTakenOutIsTold() {
    // the test decides who is taken out
    ActorSystem<Void> stays =
        system(
            0,
            """
            akka.cluster.downing-provider-class = ""
            akka.cluster.failure-detector.acceptable-heartbeat-pause = 1 s
            """,
            Optional.empty());
    done(join(stays, new JoinSettings(List.of(), List.of(), Optional.empty())));
    // it would end by itself otherwise, before anybody could tell it anything
    ActorSystem<Void> out =
        system(0, "akka.cluster.run-coordinated-shutdown-when-down = off", Optional.empty());
    TestProbe<String> told = TestProbe.create(out);
    out.systemActorOf(
        Behaviors.<String>receiveMessage(
            text -> {
              told.getRef().tell(text);
              return Behaviors.same();
            }),
        Greeter.NAME,
        Props.empty());
    long uid = Cluster.get(out).selfMember().uniqueAddress().longUid();
    Cluster.get(out).manager().tell(new Join(Cluster.get(stays).selfMember().address()));
    for (ActorSystem<Void> node : nodes) {
      await("two members", () -> members(node).size() == 2);
    }
    Cluster.get(stays).manager().tell(new Down(Cluster.get(out).selfMember().address()));
    String text = told.receiveMessage(Duration.ofSeconds(30));
    assertThat(Greeting.farewell(text).orElseThrow().uid()).isEqualTo(uid);
  }

  private static void farewell(ActorSelection greeter, long uid) {
    greeter.tell(
        Greeting.write(new Greeting.Farewell(uid, "another node")), akka.actor.ActorRef.noSender());
  }

  @Test
  void noNodeFormsAClusterWhileAnotherHoldsTheLease() {
    leases.give("a node that is frozen");
    int gone = freePort();
    CompletionStage<Done> joined =
        join(system(0), contacts(Duration.ofSeconds(11), List.of(at(gone))));
    assertThat(failure(joined))
        .contains("did not come into the cluster of beamline 'beamline' within 11 s")
        .contains("beamhive.node.join-timeout")
        .contains(at(gone) + ": connection refused")
        .contains("the formation lease is held by another node");
    assertThat(leases.owner()).contains("a node that is frozen");
  }

  @Test
  void aClusterThatHasLostTheLeaseMakesRoomForTheOneThatHoldsIt() {
    // as after a freeze of the first: each thought that it was alone
    FakeLeases taken = new FakeLeases();
    int port = freePort();
    ActorSystem<Void> frozen = system(0);
    done(join(frozen, contacts(Duration.ofSeconds(20), List.of(at(port)))));
    ActorSystem<Void> second = system(port);
    done(
        join(second, Optional.empty(), contacts(Duration.ofSeconds(20), List.of(at(port))), taken));
    frozen.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(NodeJoining.ending(frozen).orElseThrow()).contains("another cluster", "start this");
    assertThat(members(second)).hasSize(1);
    assertThat(leases.owner()).isEmpty();
  }

  @Test
  void aNodeThatItsClusterHasRemovedSeesByTheLeaseThatItIsNotTheBeamlineAnyMore() {
    ActorSystem<Void> alone = system(0);
    done(join(alone, contacts(Duration.ofSeconds(20), List.of(at(freePort())))));
    // nobody talks to it, but somebody else renews the lease that it had
    leases.give("UniqueAddress(akka://beamhive@127.0.0.1:1,1)");
    alone.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(NodeJoining.ending(alone).orElseThrow()).contains("another cluster");
  }

  @Test
  void aNodeThatDoesNotFitIsRefusedWithWhatDiffers() {
    ActorSystem<Void> first = system(0, "beamhive.node.beamline = bl1", Optional.empty());
    done(join(first, new JoinSettings(List.of(), List.of(), Optional.empty())));
    String address = Cluster.get(first).selfMember().address().hostPort().replace("beamhive@", "");

    assertThat(
            failure(
                join(
                    system(0, "beamhive.node.beamline = bl2", Optional.empty()),
                    seeds(List.of(address)))))
        .startsWith(
            "node " + address + " belongs to beamline 'bl1', this node to 'bl2': give all nodes");

    assertThat(
            failure(
                join(
                    system(
                        0,
                        """
                        beamhive.node.beamline = bl1
                        akka.actor.serializers.beamhive-queue = "akka.serialization.jackson.JacksonJsonSerializer"
                        """,
                        Optional.empty()),
                    contacts(Duration.ofSeconds(40), List.of(address)))))
        .contains("writes 'id 7402' with", "JacksonCborSerializer", "JacksonJsonSerializer");

    // the net below: who asks Akka without a greeting is not let in either
    ActorSystem<Void> rude = system(0, "beamhive.node.beamline = bl3", Optional.empty());
    Cluster.get(rude)
        .manager()
        .tell(new JoinSeedNodes(List.of(AddressFromURIString.parse("akka://beamhive@" + address))));
    rude.getWhenTerminated().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(NodeJoining.ending(rude).orElseThrow()).contains("the cluster does not take");
    assertThat(members(first)).hasSize(1);
  }

  @Test
  void onlyWhoHasACertificateOfTheBeamlinesCaIsLetIn(@TempDir Path folder) {
    TestCertificates ours = new TestCertificates(folder, "ours");
    TestCertificates foreign = new TestCertificates(folder, "foreign");
    Optional<SSLContext> one = Optional.of(tls(ours, ours.signed("one", "EC")));
    Optional<SSLContext> two = Optional.of(tls(ours, ours.signed("two", "RSA")));
    Optional<SSLContext> stranger = Optional.of(tls(foreign, foreign.signed("stranger", "EC")));
    String secure = "akka.remote.artery.transport = tls-tcp";

    ActorSystem<Void> first = system(0, secure, one);
    done(join(first, one, new JoinSettings(List.of(), List.of(), Optional.empty())));
    String address = Cluster.get(first).selfMember().address().hostPort().replace("beamhive@", "");
    List<String> contact = List.of(address);
    leases.give("the first one");
    CompletionStage<Done> plain = join(system(0), contacts(Duration.ofSeconds(11), contact));
    CompletionStage<Done> foreigner =
        join(system(0, secure, stranger), stranger, contacts(Duration.ofSeconds(11), contact));
    done(join(system(0, secure, two), two, seeds(contact)));
    await("two members", () -> members(first).size() == 2);

    assertThat(failure(plain)).contains(address + ": it speaks TLS and this node does not");
    assertThat(failure(foreigner))
        .contains(address + ": its certificate is not signed by a CA of this node's");
    // the other way round: a node with TLS meets one without
    assertThat(new ConnectionProbe(two).trouble(at(portOf(nodes.get(1)))).orElseThrow())
        .contains("beamhive.tls.enabled");
    assertThat(members(first)).hasSize(2);
  }

  private static int portOf(ActorSystem<?> system) {
    return Cluster.get(system).selfMember().address().getPort().orElseThrow();
  }

  private static SSLContext tls(TestCertificates ca, TestCertificates.Signed signed) {
    return TlsIdentity.ofNode(
            ConfigFactory.parseMap(
                Map.of(
                    "beamhive.tls.enabled",
                    true,
                    "beamhive.tls.certificate",
                    signed.certificate().toString(),
                    "beamhive.tls.private-key",
                    signed.key().toString(),
                    "beamhive.tls.trusted",
                    ca.ca().toString())),
            Instant.now())
        .orElseThrow()
        .context();
  }

  @Test
  void theTwoWaysToJoinExcludeEachOther() {
    assertThatThrownBy(
            () ->
                JoinSettings.from(
                    ConfigFactory.parseString(
                            """
                            beamhive.node { seed-nodes = ["a:1"], contact-points = ["b:2"], join-timeout = -1s }
                            """)
                        .withFallback(ConfigFactory.load())))
        .hasMessageContainingAll(
            "beamhive.node.seed-nodes = [a:1] and beamhive.node.contact-points = [b:2]",
            "beamhive.node.join-timeout = -1s");
    assertThatThrownBy(
            () ->
                JoinSettings.from(
                    ConfigFactory.parseString("beamhive.node.contact-points = [\"b:99999\"]")
                        .withFallback(ConfigFactory.load())))
        .hasMessageContaining("beamhive.node.contact-points has 'b:99999': HOST:PORT");
  }
}

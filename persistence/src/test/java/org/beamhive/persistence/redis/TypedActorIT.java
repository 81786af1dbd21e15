package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import akka.actor.ActorSystem;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Adapter;
import akka.persistence.PersistentRepr;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.EventSeq;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.ReplicaId;
import akka.persistence.typed.ReplicationId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.ReplicatedEventSourcedBehavior;
import akka.persistence.typed.javadsl.ReplicatedEventSourcing;
import akka.persistence.typed.javadsl.ReplicationContext;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What typed persistent actors ask for: tags, event adapters, plugin ids, replicas. */
class TypedActorIT {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static RedisServerForTest redis;
  private static ActorTestKit kit;
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    kit =
        ActorTestKit.create(
            "typed-actor",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    "second = ${beamhive.persistence.redis} { key-prefix = second }",
                    "akka.loglevel = OFF")
                .resolve());
    system = Adapter.toClassic(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
    redis.close();
  }

  /** What a basket understands. */
  private sealed interface Command permits Put, Look {}

  /** Puts all in or nothing. */
  private record Put(List<String> fruits) implements Command {}

  /** Answered with all that is in it. */
  private record Look(ActorRef<Set<String>> replyTo) implements Command {}

  /** Stored in another form than the one in which it is used. */
  private static final class FruitAdapter extends EventAdapter<String, Sample> {
    @Override
    public Sample toJournal(String fruit) {
      return new Sample(fruit);
    }

    @Override
    public String manifest(String fruit) {
      return "fruit-1";
    }

    @Override
    public EventSeq<String> fromJournal(Sample stored, String manifest) {
      assertThat(manifest).isEqualTo("fruit-1");
      return stored.text().equals("rotten") ? EventSeq.empty() : EventSeq.single(stored.text());
    }
  }

  /** Remembers what was put into it. */
  private static final class Basket extends EventSourcedBehavior<Command, String, Set<String>> {

    private final String plugins;

    Basket(String name, String plugins) {
      super(PersistenceId.of("Basket", name));
      this.plugins = plugins;
    }

    @Override
    public String journalPluginId() {
      return plugins + ".journal";
    }

    @Override
    public String snapshotPluginId() {
      return plugins + ".snapshot";
    }

    @Override
    public Set<String> emptyState() {
      return Set.of();
    }

    @Override
    public Set<String> tagsFor(String fruit) {
      return fruit.startsWith("green") ? Set.of("green", "fruit") : Set.of("fruit");
    }

    @Override
    public EventAdapter<String, Sample> eventAdapter() {
      return new FruitAdapter();
    }

    @Override
    public CommandHandler<Command, String, Set<String>> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(Put.class, put -> Effect().persist(put.fruits))
          .onCommand(Look.class, (fruits, look) -> Effect().reply(look.replyTo, fruits))
          .build();
    }

    @Override
    public EventHandler<Set<String>, String> eventHandler() {
      return (fruits, fruit) -> with(fruits, fruit);
    }
  }

  private static Set<String> with(Set<String> all, String one) {
    Set<String> more = new TreeSet<>(all);
    more.add(one);
    return more;
  }

  private static ActorRef<Command> basket(String name) {
    return kit.spawn(new Basket(name, "beamhive.persistence.redis"));
  }

  private static Set<String> look(ActorRef<Command> basket) {
    TestProbe<Set<String>> probe = kit.createTestProbe();
    basket.tell(new Look(probe.ref()));
    Set<String> fruits = probe.receiveMessage(LONG);
    probe.stop();
    return fruits;
  }

  @Test
  void eventsAreFoundByTheTagsThatAnActorGivesThem() {
    ActorRef<Command> basket = basket("tags");
    basket.tell(new Put(List.of("green apple", "banana")));
    basket.tell(new Put(List.of("green leaf")));
    assertThat(look(basket)).containsExactly("banana", "green apple", "green leaf");
    RedisReadJournal queries =
        PersistenceQuery.get(system)
            .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
    assertThat(
            StreamReader.all(
                queries
                    .currentEventsByTag("green", Offset.noOffset())
                    .filter(event -> event.persistenceId().equals("Basket|tags"))
                    .map(EventEnvelope::event),
                system))
        .containsExactly(new Sample("green apple"), new Sample("green leaf"));
    kit.stop(basket);
    assertThat(look(basket("tags"))).containsExactly("banana", "green apple", "green leaf");
  }

  @Test
  void theAdapterOfAnActorAndItsManifestAreObeyed() {
    ActorRef<Command> basket = basket("adapter");
    basket.tell(new Put(List.of("apple", "rotten")));
    look(basket);
    kit.stop(basket);
    assertThat(new JournalForTest(system, "").replay("Basket|adapter").events())
        .extracting(PersistentRepr::payload, PersistentRepr::manifest)
        .containsExactly(
            tuple(new Sample("apple"), "fruit-1"), tuple(new Sample("rotten"), "fruit-1"));
    assertThat(look(basket("adapter"))).containsExactly("apple");
  }

  @Test
  void aBatchWithARejectedEventLeavesNothing() {
    ActorRef<Command> basket = basket("rejected");
    basket.tell(new Put(List.of("apple")));
    basket.tell(new Put(List.of("banana", SampleSerializer.REFUSED, "cherry")));
    kit.createTestProbe().expectTerminated(basket, LONG);
    ActorRef<Command> again = basket("rejected");
    again.tell(new Put(List.of("damson")));
    assertThat(look(again)).containsExactly("apple", "damson");
  }

  @Test
  void actorsOfTheSameIdUnderTwoPluginIdsDoNotMix() {
    ActorRef<Command> first = basket("same");
    ActorRef<Command> second = kit.spawn(new Basket("same", "second"));
    first.tell(new Put(List.of("apple")));
    second.tell(new Put(List.of("banana", "cherry")));
    assertThat(look(first)).containsExactly("apple");
    assertThat(look(second)).containsExactly("banana", "cherry");
    kit.stop(second);
    assertThat(look(kit.spawn(new Basket("same", "second")))).containsExactly("banana", "cherry");
  }

  /**
   * A basket of which there are several that tell each other, through queries and metadata. It
   * makes no snapshots by itself: an actor of Akka 2.8.5 drops what another one tells it while it
   * saves one.
   */
  private static final class SharedBasket
      extends ReplicatedEventSourcedBehavior<Command, Sample, Sample> {

    SharedBasket(ReplicationContext replication) {
      super(replication);
    }

    @Override
    public Sample emptyState() {
      return new Sample("");
    }

    @Override
    public CommandHandler<Command, Sample, Sample> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              Put.class, put -> Effect().persist(put.fruits.stream().map(Sample::new).toList()))
          .onCommand(
              Look.class, (all, look) -> Effect().reply(look.replyTo, new TreeSet<>(fruits(all))))
          .build();
    }

    private static List<String> fruits(Sample all) {
      return List.of(all.text().split(","));
    }

    @Override
    public EventHandler<Sample, Sample> eventHandler() {
      return (all, one) ->
          new Sample(all.text().isEmpty() ? one.text() : all.text() + "," + one.text());
    }
  }

  private static Behavior<Command> replica(String name) {
    ReplicaId here = new ReplicaId(name);
    return ReplicatedEventSourcing.commonJournalConfig(
        new ReplicationId("SharedBasket", "one", here),
        Set.of(new ReplicaId("north"), new ReplicaId("south")),
        RedisReadJournal.IDENTIFIER,
        SharedBasket::new);
  }

  @Test
  void replicasLearnFromEachOtherAndRecover() {
    Set<String> all = new TreeSet<>();
    ActorRef<Command> north = kit.spawn(replica("north"));
    ActorRef<Command> south = kit.spawn(replica("south"));
    for (int i = 0; i < 10; i++) {
      north.tell(new Put(List.of("n" + i)));
      south.tell(new Put(List.of("s" + i, "t" + i)));
      all.addAll(List.of("n" + i, "s" + i, "t" + i));
    }
    for (ActorRef<Command> replica : List.of(north, south)) {
      kit.createTestProbe()
          .awaitAssert(
              LONG,
              () -> {
                assertThat(look(replica)).isEqualTo(all);
                return null;
              });
    }
    kit.stop(north);
    kit.stop(south);
    north = kit.spawn(replica("north"));
    assertThat(look(north)).isEqualTo(all);
  }
}

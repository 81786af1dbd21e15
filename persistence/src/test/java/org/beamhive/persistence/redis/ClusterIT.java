package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;
import static org.beamhive.persistence.redis.OpenStore.await;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import com.typesafe.config.Config;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The plugin on a Redis Cluster of three masters. */
class ClusterIT {

  private static final String ROOT = "beamhive.persistence.redis.";

  /** Names that Redis might take for the end of a hash tag, or for none. */
  private static final List<String> STRANGE =
      List.of("}x", "{a}b", "a{b}c", "{}", "}", "%7D", "100 %", " ", "Größe ä", "a:b:c", "*");

  private static RedisClusterForTest cluster;

  @BeforeAll
  static void start() {
    cluster = RedisClusterForTest.start("--appendonly", "yes", "--appendfsync", "always");
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static Config config(String prefix, String... lines) {
    List<String> all = new ArrayList<>(List.of(lines));
    all.add(ROOT + "key-prefix = " + prefix);
    return cluster.config(all.toArray(String[]::new));
  }

  private static void allStored(Collection<CompletableFuture<Done>> writes) {
    CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new)).join();
  }

  private static List<String> lines(int from, int to, int copies) {
    return IntStream.range(from * copies, to * copies)
        .mapToObj(n -> n / copies + "." + n % copies)
        .toList();
  }

  // ------------------------------------------------------------------ keys

  @Test
  void actorsOfAllSlotsAreWhatTheyWereAfterARestart() {
    Config config = config("slots");
    List<String> names =
        Stream.concat(STRANGE.stream(), IntStream.range(0, 50).mapToObj(n -> "book" + n)).toList();
    try (NotebooksForTest books = NotebooksForTest.on(config)) {
      List<CompletableFuture<Done>> stored = new ArrayList<>();
      for (String name : names) {
        ActorRef<Notebook.Command> book = books.open(Notebook.withSnapshots(name));
        stored.add(books.write(book, "0", 1));
        stored.add(books.write(book, "1", 7));
        stored.add(books.write(book, "2", 2));
      }
      allStored(stored);
    }
    for (int i = 0; i < cluster.size(); i++) {
      assertThat(cluster.node(i).keys("slots:events:*")).isNotEmpty();
    }
    try (NotebooksForTest books = NotebooksForTest.on(config)) {
      for (String name : names) {
        assertThat(books.read(books.open(name)))
            .as(name)
            .hasSize(10)
            .startsWith("0.0", "1.0")
            .endsWith("2.0", "2.1")
            .doesNotHaveDuplicates();
      }
      assertThat(StreamReader.all(books.queries().currentPersistenceIds(), books.system()))
          .containsExactlyInAnyOrderElementsOf(names.stream().map(Notebook::id).toList());
    }
  }

  @Test
  void allKeysOfOnePersistenceIdShareASlot() {
    try (NotebooksForTest books = NotebooksForTest.on(config("keys"))) {
      for (String name : STRANGE) {
        ActorRef<Notebook.Command> book = books.open(Notebook.withSnapshots(name));
        books.write(book, "x".repeat(70_000), 1).join();
        books.write(book, "y", 5).join();
      }
      Keys keys = new Keys("keys");
      for (String name : STRANGE) {
        String id = Notebook.id(name);
        List<String> own =
            List.of(keys.events(id), keys.large(id), keys.snapshotIndex(id), keys.snapshots(id));
        Eventually.is(
            () -> cluster.keys("keys:*").containsAll(own),
            () -> own + " are there\n" + cluster.keys("keys:*"));
        assertThat(own.stream().map(SlotHash::getSlot).distinct()).as(name).hasSize(1);
      }
    }
  }

  // ------------------------------------------------------------------ queries

  @Test
  void eventsOfATagHavePositionsFromOneOnWithoutGapsInTheOrderOfEachActor() {
    int actors = 15;
    int writes = 10;
    int copies = 2;
    int events = actors * writes * copies;
    // A tag without a name is one as well.
    List<String> tags = List.of("green {}", "");
    try (NotebooksForTest books = NotebooksForTest.on(config("tags"))) {
      List<CompletableFuture<Done>> stored = new ArrayList<>();
      try (StreamReader<EventEnvelope> live =
          StreamReader.of(
              books.queries().eventsByTag(tags.get(0), Offset.noOffset()), books.system())) {
        for (int a = 0; a < actors; a++) {
          ActorRef<Notebook.Command> book =
              books.open(Notebook.tagged("t" + a, tags.toArray(String[]::new)));
          for (int i = 0; i < writes; i++) {
            stored.add(books.write(book, Integer.toString(i), copies));
          }
        }
        allStored(stored);
        List<EventEnvelope> seen = live.next(events);
        assertThat(seen).isEqualTo(books.tagged(tags.get(0)));
        live.expectNothingYet();
      }
      for (String tag : tags) {
        List<EventEnvelope> all = books.tagged(tag);
        assertThat(all)
            .extracting(EventEnvelope::offset)
            .containsExactlyElementsOf(
                LongStream.rangeClosed(1, events).mapToObj(Offset::sequence).toList());
        all.stream()
            .collect(
                Collectors.groupingBy(
                    EventEnvelope::persistenceId,
                    Collectors.mapping(NotebooksForTest::text, Collectors.toList())))
            .forEach((id, texts) -> assertThat(texts).as(id).isEqualTo(lines(0, writes, copies)));
      }
      assertThat(cluster.keys("tags:untagged*")).isEmpty();
    }
  }

  @Test
  void liveQueriesAreToldLongBeforeTheyWouldLookByThemselves() {
    try (NotebooksForTest books =
            NotebooksForTest.on(config("live", ROOT + "query.refresh-interval = 1 minute"));
        StreamReader<String> ids =
            StreamReader.of(books.queries().persistenceIds(), books.system());
        StreamReader<EventEnvelope> green =
            StreamReader.of(
                books.queries().eventsByTag("green", Offset.noOffset()), books.system())) {
      for (int i = 0; i < 10; i++) {
        try (StreamReader<EventEnvelope> one =
            StreamReader.of(
                books.queries().eventsByPersistenceId(Notebook.id("l" + i), 0, Long.MAX_VALUE),
                books.system())) {
          // So that it is told and doesn't find the event when it begins.
          one.expectNothingYet();
          long start = System.nanoTime();
          books.write(books.open(Notebook.tagged("l" + i, "green")), "x");
          assertThat(NotebooksForTest.text(one.next())).isEqualTo("x.0");
          assertThat(ids.next()).isEqualTo(Notebook.id("l" + i));
          assertThat(green.next().offset()).isEqualTo(Offset.sequence(i + 1));
          assertThat(Duration.ofNanos(System.nanoTime() - start))
              .isLessThan(Duration.ofSeconds(30));
        }
      }
    }
  }

  // ------------------------------------------------------------------ tags after a crash

  /** A writer that dies between storing its events and indexing their tags. */
  private static final class DyingWriter implements AutoCloseable {
    private final NotebooksForTest books;
    private final RedisLinks.Plugin plugin;
    private final OpenStore open;
    private final String id;

    DyingWriter(NotebooksForTest books, Config config, String name) {
      String path = ROOT + "journal";
      this.books = books;
      this.plugin = RedisLinks.get(books.system()).plugin(config.resolve().getConfig(path), path);
      this.open = OpenStore.of(config);
      this.id = Notebook.id(name);
    }

    List<StoredEvent> events(long from, long to, String tag) {
      return LongStream.rangeClosed(from, to)
          .mapToObj(
              n ->
                  plugin
                      .codec()
                      .store(
                          PersistentRepr.apply(
                              new Tagged(new Notebook.Line("d" + n), Set.of(tag)),
                              n,
                              id,
                              "",
                              false,
                              akka.actor.ActorRef.noSender(),
                              "writer"),
                          1))
          .toList();
    }

    void announce(List<StoredEvent> events) throws Exception {
      await(open.events.clusterTags().announce(id, events));
    }

    void writeAndDie(List<StoredEvent> events) throws Exception {
      announce(events);
      await(new AppendQueue(open.link, open.events.keys()).add(id, events, false));
    }

    @Override
    public void close() {
      open.close();
    }
  }

  private static List<String> untagged(String prefix) {
    String key = new Keys(prefix).untagged();
    RedisServerForTest node =
        IntStream.range(0, cluster.size())
            .filter(n -> cluster.slots(n).anyMatch(slot -> slot == SlotHash.getSlot(key)))
            .mapToObj(cluster::node)
            .findFirst()
            .orElseThrow();
    return node.ask(redis -> redis.zrange(key, 0, -1));
  }

  private static void areSeen(List<EventEnvelope> events, String... texts) {
    assertThat(events.stream().map(NotebooksForTest::text)).containsExactly(texts);
    assertThat(events)
        .extracting(EventEnvelope::offset)
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, texts.length).mapToObj(Offset::sequence).toList());
  }

  @Test
  void theNextRecoverySettlesTheTagsOfAWriterThatHasDied() throws Exception {
    Config config = config("dead1");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        DyingWriter other = new DyingWriter(books, config, "other");
        DyingWriter dead = new DyingWriter(books, config, "dead: {1}")) {
      // However many others have something on its way.
      for (int i = 0; i < 1100; i++) {
        other.open.events.clusterTags().announce(other.id, other.events(i + 1, i + 1, "x"));
      }
      dead.writeAndDie(dead.events(1, 3, "green"));
      // A query leaves alone what may still be settled by the writer itself.
      assertThat(books.tagged("green")).isEmpty();
      ActorRef<Notebook.Command> book = books.open(Notebook.tagged("dead: {1}", "green"));
      books.write(book, "next");
      areSeen(books.tagged("green"), "d1", "d2", "d3", "next.0");
      assertThat(untagged("dead1")).hasSize(1100).noneMatch(member -> member.contains("dead"));
    }
  }

  @Test
  void aQuerySettlesTheTagsOfAWriterThatHasDiedWhenNobodyElseCanBeAboutTo() throws Exception {
    Config config =
        config("dead2", ROOT + "call-timeout = 2s", ROOT + "query.refresh-interval = 200ms");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        DyingWriter dead = new DyingWriter(books, config, "a");
        DyingWriter never = new DyingWriter(books, config, "never");
        StreamReader<EventEnvelope> live =
            StreamReader.of(
                books.queries().eventsByTag("green", Offset.noOffset()), books.system())) {
      never.announce(never.events(1, 1, "green"));
      dead.writeAndDie(dead.events(1, 2, "green"));
      dead.writeAndDie(dead.events(3, 4, "green"));
      areSeen(live.next(4), "d1", "d2", "d3", "d4");
      Eventually.is(() -> untagged("dead2").isEmpty(), () -> "all settled " + untagged("dead2"));
      books.write(books.open(Notebook.tagged("a", "green")), "next");
      areSeen(books.tagged("green"), "d1", "d2", "d3", "d4", "next.0");
    }
  }

  @Test
  void aRefusedWriteLeavesTheAnnouncementOfTheOneThatWon() throws Exception {
    Config config = config("rival");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        DyingWriter winner = new DyingWriter(books, config, "a")) {
      winner.writeAndDie(winner.events(1, 2, "green"));
      JournalForTest rival = new JournalForTest(books.system().classicSystem(), "");
      assertThat(
              rival.failureOfWriting(
                  together(
                      rival.event(winner.id, 1, tagged("r1")),
                      rival.event(winner.id, 2, tagged("r2")))))
          .isInstanceOf(SequenceNumberTakenException.class);
      assertThat(untagged("rival")).containsExactly("1:2:" + winner.id);
      books.write(books.open(Notebook.tagged("a", "green")), "next");
      areSeen(books.tagged("green"), "d1", "d2", "next.0");
    }
  }

  private static Tagged tagged(String text) {
    return new Tagged(new Notebook.Line(text), Set.of("green"));
  }

  /** Or else one bad entry would stop all queries by tag for ever. */
  @Test
  void whatCannotBeReadDoesNotKeepQueriesFromOtherTags() throws Exception {
    Config config =
        config("bad", ROOT + "call-timeout = 2s", ROOT + "query.refresh-interval = 200ms");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        DyingWriter bad = new DyingWriter(books, config, "bad");
        DyingWriter good = new DyingWriter(books, config, "good");
        StreamReader<EventEnvelope> live =
            StreamReader.of(
                books.queries().eventsByTag("green", Offset.noOffset()), books.system())) {
      bad.announce(bad.events(1, 1, "green"));
      await(
          bad.open.link.write(
              () -> "writing nonsense",
              redis ->
                  redis.xadd(
                      new Keys("bad").events(bad.id),
                      new XAddArgs().id("1-0"),
                      Map.of("nonsense", new byte[1]))));
      good.writeAndDie(good.events(1, 1, "green"));
      areSeen(live.next(1), "d1");
    }
  }

  // ------------------------------------------------------------------ trouble

  @Test
  void nothingAcknowledgedIsLostOrDoubledWhenANodeIsKilledAndStartedAgain() {
    int writes = 40;
    int copies = 3;
    Config config = config("killed");
    List<String> names = IntStream.range(0, 9).mapToObj(n -> "k" + n).toList();
    try (NotebooksForTest books = NotebooksForTest.on(config);
        StreamReader<EventEnvelope> live =
            StreamReader.of(
                books.queries().eventsByTag("green", Offset.noOffset()), books.system())) {
      Map<String, ActorRef<Notebook.Command>> opened = new HashMap<>();
      names.forEach(name -> opened.put(name, books.open(Notebook.tagged(name, "green"))));
      List<CompletableFuture<Done>> stored = new ArrayList<>();
      for (int i = 0; i < writes; i++) {
        for (String name : names) {
          stored.add(books.write(opened.get(name), Integer.toString(i), copies));
        }
      }
      stored.get(stored.size() / 4).join();
      cluster.node(1).kill();
      cluster.awaitDownWithout(1);
      cluster.node(1).startAgain();
      allStored(stored);
      assertThat(live.next(names.size() * writes * copies))
          .extracting(EventEnvelope::offset)
          .doesNotHaveDuplicates();
      live.expectNothingYet();
    } finally {
      cluster.awaitUp();
    }
    try (NotebooksForTest books = NotebooksForTest.on(config)) {
      for (String name : names) {
        assertThat(books.read(books.open(name))).as(name).isEqualTo(lines(0, writes, copies));
      }
      assertThat(books.tagged("green")).hasSize(names.size() * writes * copies);
    }
  }

  /** The operating system would notice only after a quarter of an hour. */
  @Test
  void goesOnWhenANodeHasBeenSilentForLongerThanACommandMayTake() {
    Config config = config("silent", ROOT + "command-timeout = 1s");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        LogForTest log = LogForTest.open()) {
      Map<String, ActorRef<Notebook.Command>> opened = new HashMap<>();
      IntStream.range(0, 9).forEach(n -> opened.put("s" + n, books.open("s" + n)));
      allStored(opened.values().stream().map(book -> books.write(book, "0", 1)).toList());
      List<CompletableFuture<Done>> stored = new ArrayList<>();
      cluster.node(2).pause();
      try {
        opened.values().forEach(book -> stored.add(books.write(book, "1", 1)));
        log.await("WARN", "New connection for writes", "did not answer in time");
      } finally {
        cluster.node(2).resume();
      }
      allStored(stored);
      opened.forEach(
          (name, book) -> assertThat(books.read(book)).as(name).isEqualTo(lines(0, 2, 1)));
    } finally {
      cluster.awaitUp();
    }
  }

  @Test
  void aSecondWriterIsRefused() {
    try (NotebooksForTest books = NotebooksForTest.on(config("second"))) {
      books.write(books.open("a"), "x", 2).join();
      JournalForTest second = new JournalForTest(books.system().classicSystem(), "");
      assertThat(
              second.failureOfWriting(
                  together(second.event(Notebook.id("a"), 2, new Notebook.Line("y")))))
          .isInstanceOf(SequenceNumberTakenException.class)
          .hasMessageContaining(Notebook.id("a"));
      assertThat(second.replay(Notebook.id("a")).payloads())
          .containsExactly(new Notebook.Line("x.0"), new Notebook.Line("x.1"));
    }
  }

  // ------------------------------------------------------------------ rights

  @Test
  void theRightsThatAreAdvisedForAClusterAreEnough() {
    String user =
        "SETUSER carl on >pw ~acl:* resetchannels &acl:* +@read +@write +@scripting +@pubsub"
            + " +@connection +info +cluster|nodes";
    CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8);
    Stream.of(user.split(" ")).forEach(args::add);
    for (int i = 0; i < cluster.size(); i++) {
      String done =
          cluster
              .node(i)
              .ask(
                  redis ->
                      redis.dispatch(CommandType.ACL, new StatusOutput<>(StringCodec.UTF8), args));
      assertThat(done).isEqualTo("OK");
    }
    Config config = config("acl", ROOT + "username = carl", ROOT + "password = pw");
    try (NotebooksForTest books = NotebooksForTest.on(config);
        StreamReader<EventEnvelope> live =
            StreamReader.of(
                books.queries().eventsByTag("green", Offset.noOffset()), books.system())) {
      for (int i = 0; i < 6; i++) {
        books.write(books.open(Notebook.tagged("a" + i, "green")), "x");
      }
      assertThat(live.next(6)).hasSize(6);
    }
  }
}

package org.beamhive.persistence.redis;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AskPattern;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An actor system with {@link Notebook}s in it, on whatever Redis its configuration names. */
final class NotebooksForTest implements AutoCloseable {

  private static final Duration LONG = Duration.ofSeconds(30);

  private final ActorTestKit kit;

  private NotebooksForTest(ActorTestKit kit) {
    this.kit = kit;
  }

  static NotebooksForTest on(Config config) {
    return new NotebooksForTest(ActorTestKit.create("notebooks", config.resolve()));
  }

  ActorSystem<?> system() {
    return kit.system();
  }

  ActorRef<Notebook.Command> open(String name) {
    return open(Notebook.create(name));
  }

  ActorRef<Notebook.Command> open(Behavior<Notebook.Command> notebook) {
    return kit.spawn(notebook);
  }

  /** Completes when it is stored. */
  CompletableFuture<Done> write(ActorRef<Notebook.Command> book, String text, int copies) {
    CompletionStage<Done> stored =
        AskPattern.ask(
            book, replyTo -> new Notebook.Write(text, copies, replyTo), LONG, kit.scheduler());
    return stored.toCompletableFuture();
  }

  /** Waits until one line is stored, which is then {@code <text>.0}. */
  void write(ActorRef<Notebook.Command> book, String text) {
    write(book, text, 1).join();
  }

  List<String> read(ActorRef<Notebook.Command> book) {
    CompletionStage<Notebook.Lines> lines =
        AskPattern.ask(book, Notebook.Read::new, LONG, kit.scheduler());
    return lines.toCompletableFuture().join().texts();
  }

  /** In an actor system of its own, so all comes from Redis. */
  static List<String> recovered(Config config, String name) {
    try (NotebooksForTest fresh = on(config)) {
      return fresh.read(fresh.open(name));
    }
  }

  RedisReadJournal queries() {
    return queries(RedisReadJournal.IDENTIFIER);
  }

  RedisReadJournal queries(String id) {
    return PersistenceQuery.get(kit.system()).getReadJournalFor(RedisReadJournal.class, id);
  }

  List<EventEnvelope> tagged(String tag) {
    return StreamReader.all(queries().currentEventsByTag(tag, Offset.noOffset()), kit.system());
  }

  static String text(EventEnvelope event) {
    return ((Notebook.Line) event.event()).text();
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}

package org.beamhive.launcher.bench;

import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.beamhive.launcher.EndWithProcess;
import org.beamhive.persistence.redis.RedisReadJournal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "journal",
    description = {
      "The journal in Redis alone, against a bare client on the same Redis: events per second of entities that",
      "write at the same time, the time of a lone persist, replay, and how soon live queries see an event."
    })
final class JournalBench implements Callable<Integer> {
  private record Case(String name, Function<JournalUnderTest, MeasuredCase> start) {}

  @Spec private CommandSpec spec;

  @Option(names = "--case", paramLabel = "CASE", description = "Only this case; default: all.")
  private String only;

  @Option(
      names = "--events",
      paramLabel = "N",
      description = "Events per round, but not of a replay; default: by case.")
  private Integer events;

  @Option(
      names = "--replay-events",
      paramLabel = "N",
      description =
          "Events of a replay; the heap in use on its way is measured too. Default: 300000, without the heap.")
  private Integer replayEvents;

  @Option(
      names = "--payload-bytes",
      paramLabel = "N",
      defaultValue = "100",
      description = "Size of an event. Default ${DEFAULT-VALUE}.")
  private int payloadBytes;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Default ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(
      names = "--redis-url",
      paramLabel = "URL",
      description = "Use this Redis, whose own keys are left alone; default: one is started.")
  private String redisUrl;

  @Option(names = "--json", description = "One line of JSON per metric.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  private List<Case> cases() {
    return List.of(
        new Case("floor", journal -> new FloorCase(journal, events(100_000))),
        writers(1, 10_000),
        writers(10, 60_000),
        writers(100, 150_000),
        new Case("lone-persist", journal -> new LonePersistCase(journal, events(5_000))),
        new Case(
            "replay",
            journal ->
                new ReplayCase(
                    journal, replayEvents == null ? 300_000 : replayEvents, replayEvents != null)),
        new Case(
            "live-by-id",
            journal ->
                new LiveCase(
                    journal,
                    events(200),
                    false,
                    (id, tag) -> queries(journal).eventsByPersistenceId(id, 0, Long.MAX_VALUE))),
        new Case(
            "live-by-tag",
            journal ->
                new LiveCase(
                    journal,
                    events(200),
                    true,
                    (id, tag) -> queries(journal).eventsByTag(tag, Offset.noOffset()))));
  }

  private Case writers(int writers, int byCase) {
    return new Case(
        "writers-" + writers,
        journal -> new WritersCase(journal, writers, events(byCase), events(100_000)));
  }

  private int events(int byCase) {
    return events == null ? byCase : events;
  }

  private static RedisReadJournal queries(JournalUnderTest journal) {
    return PersistenceQuery.get(journal.system())
        .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
  }

  @Override
  public Integer call() throws Exception {
    requirePositive("--events", events);
    requirePositive("--replay-events", replayEvents);
    requirePositive("--payload-bytes", payloadBytes);
    requirePositive("--repeats", repeats);
    List<Case> chosen =
        cases().stream().filter(one -> only == null || one.name().equals(only)).toList();
    if (chosen.isEmpty()) {
      throw wrong("--case", only, String.join(", ", cases().stream().map(Case::name).toList()));
    }
    PrintWriter out = spec.commandLine().getOut();
    JournalUnderTest journal = JournalUnderTest.start(Optional.ofNullable(redisUrl), payloadBytes);
    // a benchmark that is interrupted must not leave its Redis or its keys behind
    AutoCloseable ending = EndWithProcess.register(journal);
    try {
      for (Case one : chosen) {
        for (Metric metric : measure(one.name(), one.start().apply(journal))) {
          out.println(json ? metric.json() : metric.text());
        }
        out.flush();
      }
    } catch (RuntimeException failed) {
      if (!journal.isClosing()) {
        throw failed;
      }
    } finally {
      ending.close();
    }
    return 0;
  }

  private void requirePositive(String option, Integer given) {
    if (given != null && given < 1) {
      throw wrong(option, given, "1 and more");
    }
  }

  private ParameterException wrong(String option, Object given, String allowed) {
    return new ParameterException(
        spec.commandLine(), option + " " + given + ": allowed are " + allowed);
  }

  private List<Metric> measure(String name, MeasuredCase measured) {
    List<List<Figure>> rounds = new ArrayList<>();
    // the first round warms up
    measured.round();
    for (int i = 0; i < repeats; i++) {
      rounds.add(measured.round());
    }
    List<Metric> metrics = new ArrayList<>(Metric.of("journal", name, rounds));
    List<Figure> once = measured.once();
    if (!once.isEmpty()) {
      metrics.addAll(Metric.of("journal", name, List.of(once)));
    }
    return metrics;
  }
}

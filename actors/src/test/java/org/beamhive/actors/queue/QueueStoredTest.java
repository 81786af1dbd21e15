package org.beamhive.actors.queue;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What was stored by any version of Beamhive is read for ever. The golden files are never written
 * again: a change of an event gets a new name and a new file. {@code -Dbeamhive.golden=write}
 * writes those that are missing.
 */
class QueueStoredTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final int SERIALIZER = 7402;
  private static final Path FILES = Path.of("src/test/resources/golden/queue");

  private static final ItemUid UID = new ItemUid("item-1");
  private static final RunUid RUN = new RunUid("run-1");
  private static final QueueItem ITEM =
      new QueueItem(
          UID,
          Value.Fields.EMPTY
              .with("item_type", Value.of("plan"))
              .with("name", Value.of("scan"))
              .with("args", Value.of(List.of(Value.of(List.of(Value.of("det"))), Value.of(1.5))))
              .with("kwargs", Value.Fields.EMPTY.with("num", Value.of(3)))
              .with("user", Value.None.NONE));
  private static final ItemResult RESULT =
      new ItemResult("completed", List.of(RUN), List.of(7L), 1000.25, 1001.5, "");

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private static Map<String, QueueStored> samples() {
    Map<String, QueueStored> samples = new LinkedHashMap<>();
    samples.put("added1", new QueueEvent.ItemsAdded(List.of(ITEM), 2));
    samples.put("updated1", new QueueEvent.ItemUpdated(UID, ITEM));
    samples.put("removed1", new QueueEvent.ItemsRemoved(List.of(UID)));
    samples.put("moved1", new QueueEvent.ItemsMoved(List.of(UID), 1));
    samples.put("history-cleared1", new QueueEvent.HistoryCleared(3));
    samples.put("environment1", new QueueEvent.EnvironmentSet(true));
    samples.put("active1", new QueueEvent.ActiveSet(true, false));
    samples.put("mode1", new QueueEvent.ModeSet(true, false, true));
    samples.put("started1", new QueueEvent.ItemStarted(ITEM, true, RUN, 1000.25));
    samples.put("worker1", new QueueEvent.WorkerStarted(new Epoch(9), 1000.5));
    samples.put("run1", new QueueEvent.RunRecorded(RUN, 7, List.of("file", "redis")));
    samples.put("pause1", new QueueEvent.PauseRecorded("a pause was asked for"));
    samples.put("alive1", new QueueEvent.Alive(1000.75));
    samples.put("ended1", new QueueEvent.ItemEnded(RESULT, ITEM, null, true));
    samples.put("followed1", new QueueEvent.RunFollowed(RUN, "file", "/data/1.nxs"));
    samples.put("in-charge1", new QueueEvent.InCharge("queue-1"));
    samples.put("state1", state());
    return samples;
  }

  private static QueueState state() {
    return Stream.<QueueEvent>of(
            new QueueEvent.EnvironmentSet(true),
            new QueueEvent.ItemsAdded(List.of(ITEM), 0),
            new QueueEvent.ItemStarted(ITEM, false, RUN, 1000.25),
            new QueueEvent.RunRecorded(RUN, 7, List.of("file")),
            new QueueEvent.ItemEnded(RESULT, null, null, true),
            new QueueEvent.ItemStarted(ITEM, true, new RunUid("run-2"), 1002),
            new QueueEvent.PauseRecorded("because"))
        .reduce(QueueState.empty(5), QueueState::on, (one, other) -> other);
  }

  private static Stream<String> names() {
    return samples().keySet().stream();
  }

  private static Serialization serialization() {
    return SerializationExtension.get(Adapter.toClassic(KIT.system()));
  }

  @ParameterizedTest
  @MethodSource("names")
  void isReadAsItWasStored(String name) throws IOException {
    QueueStored sample = samples().get(name);
    write(name, sample);
    try (InputStream file = getClass().getResourceAsStream("/golden/queue/" + name + ".cbor")) {
      assertThat(file).as("golden file of %s", name).isNotNull();
      assertThat(serialization().deserialize(file.readAllBytes(), SERIALIZER, "").get())
          .isEqualTo(sample);
    }
  }

  private static void write(String name, QueueStored sample) throws IOException {
    Path file = FILES.resolve(name + ".cbor");
    if ("write".equals(System.getProperty("beamhive.golden")) && !Files.exists(file)) {
      Files.createDirectories(FILES);
      Files.write(file, serialization().serialize(sample).get());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void isWrittenByItsOwnSerializer(String name) {
    QueueStored sample = samples().get(name);
    assertThat(serialization().findSerializerFor(sample).identifier()).isEqualTo(SERIALIZER);
    byte[] bytes = serialization().serialize(sample).get();
    assertThat(serialization().deserialize(bytes, SERIALIZER, "").get()).isEqualTo(sample);
  }

  @Test
  void everyEventHasASample() {
    assertThat(samples().values().stream().map(Object::getClass))
        .containsAll(Arrays.<Class<?>>asList(QueueEvent.class.getPermittedSubclasses()));
  }

  @Test
  void aRunningItemOfBeforeFilesWereKnownHasNone() {
    assertThat(new QueueState.Running(ITEM, false, RUN, 1, true, 7, "", null).files()).isEmpty();
  }
}

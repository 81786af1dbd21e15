package org.beamhive.actors.filewriter.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.actors.filewriter.actor.RecordedRun.device;
import static org.beamhive.actors.filewriter.actor.RecordedRun.reading;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.beamhive.actors.filewriter.nexus.Facility;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.file.FileWriterProtocol;
import org.beamhive.protocol.file.FileWriterProtocol.FollowRun;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWriterTest {
  private static final String DEVICES = "/entry/collection/devices";
  private static final String PRIMARY = "/entry/collection/streams/primary";
  private static final Duration WAIT = Duration.ofSeconds(20);

  private static ActorTestKit kit;
  private static RunSettings runSettings;

  @TempDir Path folder;
  private final TestProbe<Followed> asker = kit.createTestProbe(Followed.class);
  private ActorRef<FileWriterProtocol.Request> writer;

  @BeforeAll
  static void start() {
    Config config =
        ConfigFactory.parseString("beamhive.run { poll-interval = 10ms, page = 7, tail = 20 }")
            .withFallback(ConfigFactory.parseResources("filewriter.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    kit = ActorTestKit.create(config);
    runSettings = RunSettings.from(config);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @AfterEach
  void stopWriter() {
    if (writer != null) {
      kit.stop(writer);
    }
  }

  private void write(RecordedRun run) {
    write(run, run, null);
  }

  private void write(
      RecordedRun run, RunJournal journal, ActorRef<ClusterSharding.ShardCommand> shard) {
    FileWriterSettings settings =
        new FileWriterSettings(
            folder,
            new Facility("X1", "Lamp", "Synchrotron X-ray Source", "x-ray"),
            Duration.ofMillis(10),
            Duration.ofMillis(50));
    writer =
        kit.spawn(
            FileWriter.create(run.run(), settings, journal, runSettings, shard),
            DispatcherSelector.fromConfig(FileWriterSettings.DISPATCHER));
    follow(run);
  }

  private void follow(RecordedRun run) {
    writer.tell(new FollowRun(new Follow(run.run(), null, asker.getRef())));
  }

  private Path written(RecordedRun run) {
    Followed followed = asker.receiveMessage(WAIT);
    assertThat(followed.run()).isEqualTo(run.run());
    assertThat(followed.follower()).isEqualTo("file");
    return Path.of(followed.result());
  }

  private Path path(long scanId) {
    return folder.resolve("S00000-00999/S%05d/S%05d_master.h5".formatted(scanId, scanId));
  }

  private void awaitPoints(Path path, int count) {
    asker.awaitAssert(
        WAIT,
        () -> {
          assertThat(path).exists();
          try (Hdf file = new Hdf(path)) {
            assertThat(file.rows(PRIMARY + "/seq_num")).isEqualTo(count);
          }
          return null;
        });
  }

  // ------------------------------------------------------------------ completeness

  @Test
  void writesEveryPointOnceAndAnswersWithThePath() {
    RecordedRun run =
        new RecordedRun(123).answer().start().describe().points(100).answer().stop("success", "");
    write(run);
    Path path = written(run);
    assertThat(path).isEqualTo(path(123)).isAbsolute();
    try (Hdf file = new Hdf(path)) {
      assertThat(file.longs(PRIMARY + "/seq_num")).isEqualTo(Hdf.upTo(100));
      assertThat(file.doubles(PRIMARY + "/time")).hasSize(100);
      double[] i0 = file.doubles(DEVICES + "/i0/i0/value");
      assertThat(i0).hasSize(100).startsWith(1, 2, 3).endsWith(99, 100);
      assertThat(file.doubles(DEVICES + "/samx/samx/value")).startsWith(0.5, 1, 1.5);
      assertThat(file.doubles(DEVICES + "/samx/samx_setpoint/timestamp")).hasSize(100);
      assertThat(file.attribute("/entry", "complete")).isEqualTo("TRUE");
      assertThat(file.attribute(DEVICES + "/samx/samx/value", "units")).isEqualTo("mm");
      assertThat(file.data("/entry/num_points")).isEqualTo(100L);
      assertThat(file.data("/entry/exit_status")).isEqualTo("success");
      assertThat(file.data("/entry/entry_identifier_uuid")).isEqualTo(run.run().value());
    }
    assertThat(path.resolveSibling(path.getFileName() + ".rewrite")).doesNotExist();
  }

  @Test
  void showsTheDefaultPlot() {
    RecordedRun run = new RecordedRun(5).start().describe().points(10).stop("success", "");
    write(run);
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.attribute("/", "NX_class")).isEqualTo("NXroot");
      assertThat(file.attribute("/", "default")).isEqualTo("entry");
      assertThat(file.attribute("/entry", "default")).isEqualTo("data");
      assertThat(file.attribute("/entry/data", "signal")).isEqualTo("i0");
      assertThat(file.attribute("/entry/data", "axes")).isEqualTo(new String[] {"samx"});
      assertThat(file.attribute("/entry/data", "samx_indices")).isEqualTo(0L);
      assertThat(file.doubles("/entry/data/samx")).hasSize(10).startsWith(0.5);
      assertThat(file.doubles("/entry/data/i0")).startsWith(1);
      assertThat(file.data("/entry/instrument/source/name")).isEqualTo("Lamp");
      assertThat(file.has("/entry/collection/readout_groups/monitored/samx/samx/value")).isTrue();
    }
  }

  @Test
  void canBeReadWhileTheRunGoesOn() {
    RecordedRun run = new RecordedRun(1).start();
    write(run);
    asker.awaitAssert(
        WAIT,
        () -> {
          assertThat(path(1)).exists();
          try (Hdf file = new Hdf(path(1))) {
            assertThat(file.data("/entry/program_name")).isEqualTo("Beamhive");
            assertThat(file.attribute("/entry", "complete")).isEqualTo("FALSE");
          }
          return null;
        });
    run.describe().points(3);
    awaitPoints(path(1), 3);
    run.points(20);
    awaitPoints(path(1), 23);
    try (Hdf file = new Hdf(path(1))) {
      assertThat(file.attribute("/entry", "complete")).isEqualTo("FALSE");
      assertThat(file.doubles(DEVICES + "/i0/i0/value")).endsWith(23);
    }
    asker.expectNoMessage(Duration.ZERO);
    run.stop("success", "");
    assertThat(written(run)).isEqualTo(path(1));
  }

  @Test
  void answersEveryAskerAndAsksToPassivate() {
    RecordedRun run = new RecordedRun(2).start().describe().points(4);
    TestProbe<ClusterSharding.ShardCommand> shard =
        kit.createTestProbe(ClusterSharding.ShardCommand.class);
    write(run, run, shard.getRef());
    TestProbe<Followed> other = kit.createTestProbe(Followed.class);
    writer.tell(new FollowRun(new Follow(run.run(), null, other.getRef())));
    awaitPoints(path(2), 4);
    shard.expectNoMessage(Duration.ZERO);
    run.stop("success", "");
    written(run);
    other.receiveMessage(WAIT);
    shard.expectMessageClass(ClusterSharding.Passivate.class);
    follow(run);
    written(run);
  }

  // ------------------------------------------------------------------ restarts

  @Test
  void aRestartedWriterGivesEachPointOnceAndNeverFewerThanBefore() {
    RecordedRun run = new RecordedRun(7).start().describe().points(50);
    write(run);
    awaitPoints(path(7), 50);
    kit.stop(writer);
    // only a part of the log can be read at first: the old file, with more points, stays
    AtomicLong readable = new AtomicLong(20);
    AtomicLong asked = new AtomicLong();
    write(
        run,
        (uid, from, max) -> {
          asked.accumulateAndGet(from, Math::max);
          return run.read(uid, from, (int) Math.max(0, Math.min(max, readable.get() - from + 1)));
        },
        null);
    asker.awaitAssert(WAIT, () -> assertThat(asked.get()).isEqualTo(21));
    awaitPoints(path(7), 50);
    assertThat(path(7).resolveSibling("S00007_master.h5.rewrite")).exists();
    readable.set(Long.MAX_VALUE);
    run.points(25);
    awaitPoints(path(7), 75);
    run.stop("success", "");
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.longs(PRIMARY + "/seq_num")).isEqualTo(Hdf.upTo(75));
      assertThat(file.doubles(DEVICES + "/i0/i0/value")).hasSize(75).endsWith(74, 75);
    }
    assertThat(path(7).resolveSibling("S00007_master.h5.rewrite")).doesNotExist();
  }

  @Test
  void aCompleteFileIsNotWrittenAgain() throws IOException {
    RecordedRun run = new RecordedRun(8).start().describe().points(30).stop("success", "");
    write(run);
    Path path = written(run);
    kit.stop(writer);
    FileTime longAgo = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(path, longAgo);
    write(run);
    assertThat(written(run)).isEqualTo(path);
    assertThat(Files.getLastModifiedTime(path)).isEqualTo(longAgo);
  }

  @Test
  void aFileOfAnotherRunIsNeverTouched() {
    RecordedRun first = new RecordedRun(9).start().describe().points(3).stop("success", "");
    write(first);
    Path firstPath = written(first);
    kit.stop(writer);
    RecordedRun second = new RecordedRun(9).start().describe().points(5).stop("success", "");
    write(second);
    Path secondPath = written(second);
    assertThat(secondPath).isNotEqualTo(firstPath);
    assertThat(secondPath.getFileName().toString())
        .isEqualTo("S00009_master_" + second.run().value().substring(0, 8) + ".h5");
    try (Hdf file = new Hdf(firstPath)) {
      assertThat(file.rows(PRIMARY + "/seq_num")).isEqualTo(3);
    }
    kit.stop(writer);
    write(second);
    assertThat(written(second)).isEqualTo(secondPath);
  }

  @Test
  void aFileDeletedInMidRunIsMadeAnew() throws IOException {
    RecordedRun run = new RecordedRun(10).start().describe().points(10);
    write(run);
    awaitPoints(path(10), 10);
    Files.delete(path(10));
    run.points(10).stop("success", "");
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.longs(PRIMARY + "/seq_num")).isEqualTo(Hdf.upTo(20));
    }
  }

  @Test
  void aFolderThatCanNotBeWrittenIsTriedAgain() throws IOException {
    // a plain file where the folder should be, since root may write everywhere else
    Path bundle = Files.createFile(folder.resolve("S00000-00999"));
    RecordedRun run = new RecordedRun(11).start().describe().points(40).stop("success", "");
    LoggingTestKit.error("ALARM the file of run " + run.run())
        .withOccurrences(1)
        .expect(
            kit.system(),
            () -> {
              write(run);
              return null;
            });
    asker.expectNoMessage(Duration.ZERO);
    Files.move(bundle, folder.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.longs(PRIMARY + "/seq_num")).isEqualTo(Hdf.upTo(40));
    }
  }

  // ------------------------------------------------------------------ content

  @Test
  void keepsBaselineConfigurationAndMetadata() {
    Value.Fields metadata =
        Value.Fields.EMPTY
            .with("title", Value.of("First light"))
            .with("user", Value.of("Ada"))
            .with("sample", Value.Fields.EMPTY.with("name", Value.of("iron")))
            .with(
                "nested",
                Value.Fields.EMPTY
                    .with("list", Value.of(List.of(Value.of(1), Value.of(2))))
                    .with("mixed", Value.of(List.of(Value.of(1), Value.of("a"))))
                    .with("none", Value.None.NONE)
                    .with("yes", Value.of(true)))
            .with("long", Value.of("x".repeat(100_000)))
            .with("num_points", Value.of(4));
    RecordedRun run =
        new RecordedRun(12)
            .start(metadata)
            .describe("baseline", device("temp", "temp", DataKey.number("SIM:temp", "temp")))
            .point("baseline", reading("temp", Value.of(20.5)))
            .describe()
            .points(4)
            .point("baseline", reading("temp", Value.of(21)))
            .stop("success", "");
    write(run);
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.doubles(DEVICES + "/temp/temp/value")).containsExactly(20.5, 21);
      assertThat(file.has("/entry/collection/readout_groups/baseline/temp")).isTrue();
      String velocity = "/entry/collection/configuration/samx/samx_velocity";
      assertThat(file.data(velocity + "/value")).isEqualTo(2.5);
      assertThat(file.attribute(velocity, "units")).isEqualTo("mm/s");
      String all = "/entry/collection/metadata";
      assertThat(file.data(all + "/nested/list")).isEqualTo(new long[] {1, 2});
      assertThat(file.data(all + "/nested/mixed")).isEqualTo("[1,\"a\"]");
      assertThat(file.has(all + "/nested/none")).isFalse();
      assertThat((String) file.data(all + "/long")).hasSize(100_000);
      assertThat(file.data(all + "/bec/scan_name")).isEqualTo("scan");
      assertThat(file.data(all + "/bec/scan_number")).isEqualTo(12L);
      assertThat(file.data(all + "/bec/num_points")).isEqualTo(4L);
      assertThat(file.data(all + "/bec/status")).isEqualTo("closed");
      assertThat(file.data("/entry/title")).isEqualTo("First light");
      assertThat(file.data("/entry/user/name")).isEqualTo("Ada");
      assertThat(file.data("/entry/sample/name")).isEqualTo("iron");
    }
  }

  @Test
  void keepsEveryTypeOfValueAndWhatDoesNotFitIt() {
    DeviceDescription device =
        new DeviceDescription(
            new DeviceName("d"),
            "Sim",
            RecordedRun.keys(
                "text", key("string"),
                "whole", key("integer"),
                "truth", key("boolean"),
                "number", key("number"),
                "row", key("array", 3),
                "image", key("array", 2, 2),
                "anylength", key("array", 0)),
            List.of(),
            List.of(),
            Map.of());
    Value one = Value.of(1);
    RecordedRun run =
        new RecordedRun(13)
            .start()
            .describe("primary", device)
            .point(
                "primary",
                reading("text", Value.of("größer")),
                reading("whole", Value.of(42)),
                reading("truth", Value.of(true)),
                reading("number", Value.of(7)),
                reading("row", Value.of(List.of(one, Value.of(2.5), Value.of(3)))),
                reading("image", Value.of(List.of(pair(1, 2), pair(3, 4)))),
                reading("anylength", pair(5, 6)))
            .point(
                "primary",
                reading("text", Value.of(3)),
                reading("whole", Value.of("x")),
                reading("truth", Value.None.NONE),
                reading("number", Value.of("x")),
                reading("row", pair(8, 9)),
                reading("image", Value.None.NONE))
            .stop("success", "");
    write(run);
    try (Hdf file = new Hdf(written(run))) {
      String d = DEVICES + "/d/";
      assertThat((String[]) file.data(d + "text/value")).containsExactly("größer", "3");
      assertThat(file.longs(d + "whole/value")).containsExactly(42, Long.MIN_VALUE);
      assertThat(file.doubles(d + "number/value")).containsExactly(7, Double.NaN);
      double[][] rows = (double[][]) file.data(d + "row/value");
      assertThat(rows[0]).containsExactly(1, 2.5, 3);
      assertThat(rows[1]).containsExactly(8, 9, Double.NaN);
      assertThat(((double[][][]) file.data(d + "image/value"))[0])
          .isDeepEqualTo(new double[][] {{1, 2}, {3, 4}});
      assertThat((String[]) file.data(d + "anylength/value")).containsExactly("[5,6]", "");
      assertThat(file.rows(d + "truth/value")).isEqualTo(2);
    }
  }

  private static Value pair(int first, int second) {
    return Value.of(List.of(Value.of(first), Value.of(second)));
  }

  private static DataKey key(String dtype, Integer... shape) {
    return new DataKey(dtype, List.of(shape), "SIM:d", null, null, null, "d", null, null, null);
  }

  @Test
  void aDeviceInBaselineAndScanHasAPlaceForEach() {
    RecordedRun run =
        new RecordedRun(14)
            .start()
            .describe("baseline", device("samx", "samx", DataKey.number("SIM:samx", "samx")))
            .point("baseline", new Reading("samx", Value.of(-1.0), 1, AlarmSeverity.NO_ALARM))
            .describe()
            .points(3)
            .stop("success", "");
    write(run);
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.doubles(DEVICES + "/samx/samx/value")).containsExactly(0.5, 1, 1.5);
      assertThat(file.doubles(DEVICES + "/samx/samx_baseline/value")).containsExactly(-1.0);
      assertThat(file.doubles("/entry/data/samx")).hasSize(3);
    }
  }

  @Test
  void anAbortedRunHasItsPointsAndItsReason() {
    RecordedRun run =
        new RecordedRun(15).start().describe().points(2).stop("abort", "the beam was lost");
    write(run);
    try (Hdf file = new Hdf(written(run))) {
      assertThat(file.data("/entry/exit_status")).isEqualTo("abort");
      assertThat(file.data("/entry/reason")).isEqualTo("the beam was lost");
      assertThat(file.data("/entry/collection/metadata/bec/status")).isEqualTo("aborted");
      assertThat(file.data("/entry/num_points")).isEqualTo(2L);
      assertThat(file.attribute("/entry", "complete")).isEqualTo("TRUE");
    }
  }

  @Test
  void aRunWithoutPointsHasAFile() {
    RecordedRun run = new RecordedRun(100_001).start().stop("fail", "no beam");
    write(run);
    Path path = written(run);
    assertThat(path).isEqualTo(folder.resolve("S100000-100999/S100001/S100001_master.h5"));
    try (Hdf file = new Hdf(path)) {
      assertThat(file.data("/entry/num_points")).isEqualTo(0L);
    }
  }
}

package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.CapabilityFlag;
import akka.persistence.japi.journal.JavaJournalSpec;
import akka.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import com.typesafe.config.Config;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Akka's own compatibility kit for journals and snapshot stores. */
class AkkaCompatibilityIT {

  private static RedisServerForTest redis;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @TestFactory
  List<DynamicTest> journalDoesWhatAkkaAsks() {
    List<DynamicTest> tests =
        ScalaTests.run(
                new JournalKit(redis.config("akka.persistence.publish-plugin-commands = on")))
            .toList();
    assertThat(tests).hasSizeGreaterThan(10);
    return tests;
  }

  @TestFactory
  List<DynamicTest> snapshotStoreDoesWhatAkkaAsks() {
    List<DynamicTest> tests =
        ScalaTests.run(
                new SnapshotKit(redis.config("akka.persistence.publish-plugin-commands = on")))
            .toList();
    assertThat(tests).hasSizeGreaterThan(5);
    return tests;
  }

  private static final class JournalKit extends JavaJournalSpec {
    JournalKit(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.on();
    }
  }

  private static final class SnapshotKit extends JavaSnapshotStoreSpec {
    SnapshotKit(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.on();
    }
  }
}

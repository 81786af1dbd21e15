package org.beamhive.actors.filewriter.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWriterShardingTest {
  @TempDir Path folder;

  @Test
  void writesFilesOnANodeWithTheRoleStorage() {
    Config config =
        ConfigFactory.parseString(
                """
                akka.actor.provider = cluster
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                akka.cluster.roles = ["storage"]
                akka.cluster.jmx.multi-mbeans-in-same-jvm = on
                akka.cluster.sharding.distributed-data.durable.keys = []
                akka.coordinated-shutdown.exit-jvm = off
                beamhive.run.poll-interval = 10ms
                """)
            .withFallback(
                ConfigFactory.parseString(
                    "beamhive.file-writer.base-path = \"" + folder.resolve("data") + "\""))
            .withFallback(ConfigFactory.parseResources("filewriter.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    ActorTestKit kit = ActorTestKit.create(config);
    try {
      Cluster cluster = Cluster.get(kit.system());
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
      RecordedRun run = new RecordedRun(1).start().describe().points(9).stop("success", "");
      Consumer<Follow> files =
          FileWriter.init(
              kit.system(), FileWriterSettings.from(config), run, RunSettings.from(config));
      TestProbe<Followed> asker = kit.createTestProbe(Followed.class);
      for (int i = 0; i < 2; i++) {
        files.accept(new Follow(run.run(), null, asker.getRef()));
        Followed followed = asker.receiveMessage(Duration.ofSeconds(30));
        assertThat(followed.result())
            .isEqualTo(folder.resolve("data/S00000-00999/S00001/S00001_master.h5").toString());
      }
    } finally {
      kit.shutdownTestKit();
    }
  }
}

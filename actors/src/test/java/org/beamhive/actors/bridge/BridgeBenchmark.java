package org.beamhive.actors.bridge;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.beamhive.actors.filewriter.actor.RecordedRun;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.bridge.RedisBridgeProtocol;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.FollowRun;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;

/**
 * Measures how fast the bridge publishes runs with one motor and one detector in a real Redis; run
 * by hand: {@code BridgeBenchmark points}.
 */
final class BridgeBenchmark {
  private BridgeBenchmark() {}

  public static void main(String[] args) throws IOException {
    int points = Integer.parseInt(args[0]);
    Path folder = Files.createTempDirectory("bridge-benchmark");
    Config config =
        ConfigFactory.parseResources("bridge.conf").withFallback(ConfigFactory.load()).resolve();
    ActorTestKit kit = ActorTestKit.create(config);
    try (TestRedis redis = new TestRedis(folder)) {
      for (int round = 0; round < 5; round++) {
        measure(kit, config, redis, points);
      }
    } finally {
      kit.shutdownTestKit();
    }
  }

  private static void measure(ActorTestKit kit, Config config, TestRedis redis, int points) {
    RecordedRun run = new RecordedRun(1).start().describe().points(points).stop("success", "");
    List<RunEntry> entries = List.copyOf(run.entries());
    Config here = ConfigFactory.parseString("beamhive.bridge.url = \"" + redis.url() + "\"");
    ActorRef<RedisBridgeProtocol.Request> bridge =
        kit.spawn(
            RedisBridge.create(
                BridgeSettings.from(here.withFallback(config)),
                (uid, from, max) ->
                    CompletableFuture.completedStage(
                        entries.subList(
                            (int) from - 1, (int) Math.min(entries.size(), from - 1 + max))),
                RunSettings.from(config),
                null,
                null));
    TestProbe<Followed> asker = kit.createTestProbe(Followed.class);
    long start = System.nanoTime();
    long cpuStart = cpu();
    bridge.tell(new FollowRun(new Follow(run.run(), null, asker.getRef())));
    asker.receiveMessage(Duration.ofMinutes(2));
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "%,.0f documents/s, CPU of this process %.2f of %.2f s%n",
        entries.size() / seconds, (cpu() - cpuStart) / 1e9, seconds);
    kit.stop(bridge);
  }

  private static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}

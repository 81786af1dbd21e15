package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.ServerBinding;
import akka.stream.javadsl.Source;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.beamhive.actors.web.WebBackends;
import org.beamhive.actors.web.WebServer;
import org.beamhive.actors.web.WebSettings;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class WatchCommandTest {
  private static ActorTestKit kit;
  private static ServerBinding binding;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    kit = ActorTestKit.create();
    WebSettings settings =
        new WebSettings(
            "127.0.0.1",
            0,
            Optional.of("secret"),
            false,
            1 << 20,
            Duration.ofSeconds(2),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            "1");
    RunUid run = new RunUid("r1");
    List<Document> documents =
        List.of(
            new RunStart(run, 1, 7, Value.Fields.EMPTY.with("plan_name", Value.of("count"))),
            new RunStop("s", run, 3, "success", "", Map.of()));
    WebBackends backends =
        new WebBackends(
            kit.spawn(Behaviors.<ScanQueueProtocol.Request>ignore()),
            new NoDevices(),
            List.of(),
            from ->
                from.isPresent()
                    ? Source.from(documents)
                    : Source.failed(new IllegalStateException("the journal is away")),
            null,
            kit.spawn(Behaviors.<DeviceRegistryProtocol.Request>ignore()));
    binding =
        WebServer.start(kit.system(), settings, backends, java.util.Optional.empty())
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private static final class NoDevices implements WebBackends.DeviceAccess {
    @Override
    public CompletionStage<Devices> devices() {
      return CompletableFuture.completedFuture(new Devices(1, List.of()));
    }

    @Override
    public CompletionStage<DeviceProtocol.ReadReply> read(DeviceName device) {
      return CompletableFuture.failedFuture(new IllegalStateException());
    }

    @Override
    public akka.actor.typed.RecipientRef<DeviceProtocol.Request> ref(
        org.beamhive.protocol.model.DeviceView device) {
      throw new IllegalStateException();
    }

    @Override
    public CompletionStage<WebBackends.Stopped> stop(Optional<DeviceName> only, String who) {
      throw new IllegalStateException();
    }
  }

  private int watch(String... words) {
    CommandLine command =
        ClientCommands.all().stream()
            .filter(each -> each.getCommandName().equals("watch"))
            .findFirst()
            .orElseThrow();
    command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    java.util.List<String> all = new java.util.ArrayList<>(List.of(words));
    all.addAll(List.of("--url", "http://127.0.0.1:" + binding.localAddress().getPort() + "/"));
    return command.execute(all.toArray(String[]::new));
  }

  @Test
  void showsARunToItsEnd() {
    assertThat(watch("--run", "r1", "--api-key", "secret")).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("Scan 7: count at ")
        .contains("Scan 7: success, 0 points in 2.0 s");
  }

  @Test
  void printsEachFrameAsItCame() {
    assertThat(watch("--run", "r1", "--api-key", "secret", "--json")).isZero();
    assertThat(out.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"name\": "));
  }

  @Test
  void saysWhyItCantFollow() {
    assertThat(watch("--api-key", "wrong")).isEqualTo(1);
    assertThat(err.toString()).contains("does not accept this API key");
    assertThat(watch("--api-key", "secret")).isEqualTo(1);
    assertThat(err.toString()).contains("the journal is away");
  }
}

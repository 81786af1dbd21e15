package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.beamhive.launcher.FreePort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With two gateways, a client turns to the other one, and does nothing twice. */
class ApiClientTest {
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer gateway;

  @BeforeEach
  void start() throws IOException {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          byte[] answer = "{\"success\": true, \"msg\": \"here\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    gateway.start();
  }

  @AfterEach
  void stop() {
    gateway.stop(0);
  }

  private ApiClient with(int other) {
    return new ApiClient(
        "http://127.0.0.1:%d, http://127.0.0.1:%d".formatted(other, gateway.getAddress().getPort()),
        Optional.of("key"));
  }

  private static int deadPort() {
    return FreePort.next();
  }

  /** A gateway that dies with every request that it has taken. */
  private static ServerSocket dying() throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread thread =
        new Thread(
            () -> {
              while (!server.isClosed()) {
                try (Socket client = server.accept()) {
                  client.getInputStream().read();
                } catch (IOException ended) {
                  return;
                }
              }
            });
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  @Test
  void turnsToTheOtherGatewayWhenOneIsNotThereAndStaysWithIt() throws Exception {
    ApiClient client = with(deadPort());
    assertThat(client.get("/api/status").path("msg").asText()).isEqualTo("here");
    assertThat(client.post("/api/queue/start").path("msg").asText()).isEqualTo("here");
    assertThat(asked).hasValue(2);
  }

  @Test
  void asksAgainElsewhereWhenAGatewayDiesAmidAQuestion() throws Exception {
    try (ServerSocket dying = dying()) {
      assertThat(with(dying.getLocalPort()).get("/api/status").path("msg").asText())
          .isEqualTo("here");
    }
  }

  @Test
  void sendsNothingTwiceThatMayHaveBeenDone() throws Exception {
    try (ServerSocket dying = dying()) {
      assertThatThrownBy(() -> with(dying.getLocalPort()).post("/api/queue/item/add"))
          .isInstanceOf(ClientException.class)
          .hasMessageContaining("whether it was done is not known");
    }
    assertThat(asked).hasValue(0);
  }

  @Test
  void namesAllGatewaysWhenNoneAnswers() throws Exception {
    int one = deadPort();
    gateway.stop(0);
    assertThatThrownBy(() -> with(one).get("/api/status"))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("http://127.0.0.1:" + one + " or http://127.0.0.1:");
  }
}

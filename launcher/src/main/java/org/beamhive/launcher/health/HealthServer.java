package org.beamhive.launcher.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.beamhive.actors.web.NodeState;
import org.beamhive.actors.web.Readiness;
import org.beamhive.cluster.HealthSettings;

/**
 * The endpoint of health and metrics that every node has, gateway or not.
 *
 * <p>It is the JDK's own server on threads of its own, not Akka HTTP: it has to say so when the
 * actor system's threads are all stuck.
 */
public final class HealthServer implements AutoCloseable {
  /** Some at once, so that one watcher who reads slowly does not keep the others waiting. */
  private static final int THREADS = 4;

  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  static {
    // else a client that connects and says nothing holds a thread for ever; in seconds
    for (String limit : new String[] {"maxReqTime", "maxRspTime"}) {
      String key = "sun.net.httpserver." + limit;
      System.setProperty(key, System.getProperty(key, "10"));
    }
  }

  private final HttpServer server;
  private final ExecutorService threads;
  private final NodeState node;
  private final HealthSettings settings;

  private HealthServer(HttpServer server, NodeState node, HealthSettings settings) {
    this.server = server;
    this.node = node;
    this.settings = settings;
    this.threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "health");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Starts it.
   *
   * @throws IllegalStateException with one sentence if it can't listen
   */
  public static HealthServer start(HealthSettings settings, NodeState node) {
    try {
      HttpServer http =
          HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 0);
      HealthServer health = new HealthServer(http, node, settings);
      http.setExecutor(health.threads);
      http.createContext("/", exchange -> health.serve(exchange, health::answer));
      http.start();
      return health;
    } catch (IOException | IllegalArgumentException problem) {
      throw new IllegalStateException(
          "Can't listen on "
              + settings.host()
              + ":"
              + settings.port()
              + " for health and metrics ("
              + problem.getMessage()
              + "); set beamhive.health.host and beamhive.health.port to an address of this machine"
              + " and a free port.",
          problem);
    }
  }

  /** Where it listens, as {@code http://host:port}. */
  public String url() {
    InetSocketAddress address = server.getAddress();
    return "http://" + settings.host() + ":" + address.getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private record Answer(int status, String type, String body) {}

  @FunctionalInterface
  private interface Answers {
    Answer of(String path) throws InterruptedException;
  }

  private void serve(HttpExchange exchange, Answers answers) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      boolean head = method.equals("HEAD");
      Answer answer =
          head || method.equals("GET")
              ? answers.of(exchange.getRequestURI().getPath())
              : new Answer(405, TEXT, method + " is not allowed here: GET is");
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      exchange.sendResponseHeaders(answer.status(), head ? -1 : body.length);
      if (!head) {
        exchange.getResponseBody().write(body);
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private Answer answer(String path) throws InterruptedException {
    return switch (path) {
      case "/health/live" -> live();
      case "/health/ready" -> ready();
      case "/metrics" -> new Answer(200, TEXT, node.metrics());
      default ->
          new Answer(
              404, TEXT, path + " is not here: /health/live, /health/ready and /metrics are");
    };
  }

  private Answer live() throws InterruptedException {
    try {
      await(node.answers());
      return new Answer(200, TEXT, "ok");
    } catch (ExecutionException failed) {
      return new Answer(503, TEXT, failed.getCause().getMessage());
    } catch (TimeoutException stuck) {
      return new Answer(503, TEXT, NodeHealth.silent(settings.timeout()));
    }
  }

  private Answer ready() throws InterruptedException {
    try {
      Readiness readiness = await(node.readiness());
      return new Answer(readiness.ready() ? 200 : 503, "application/json", readiness.json());
    } catch (ExecutionException | TimeoutException stuck) {
      Readiness readiness =
          new Readiness(Map.of("actor-system", NodeHealth.silent(settings.timeout())), Map.of());
      return new Answer(503, "application/json", readiness.json());
    }
  }

  /** The parts have time-outs of their own, which need the actor system's threads: this has not. */
  private <T> T await(CompletionStage<T> stage)
      throws InterruptedException, ExecutionException, TimeoutException {
    long limit = settings.timeout().toMillis() + settings.timeout().toMillis() / 2;
    return stage.toCompletableFuture().get(limit, TimeUnit.MILLISECONDS);
  }
}

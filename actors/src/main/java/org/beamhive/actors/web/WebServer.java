package org.beamhive.actors.web;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.ServerBuilder;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.ExceptionHandler;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import akka.http.javadsl.settings.ServerSettings;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.DurationConverters;

/**
 * The HTTP server. It holds no state of its own: any number of them may serve one beamline, on any
 * node.
 */
public final class WebServer extends AllDirectives {
  private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);

  /** A socket on which nothing happens is kept open by pings, this often. */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(20);

  private final Authentication authentication;
  private final Route api;
  private final HealthRoutes health;

  private WebServer(Api api) {
    this.authentication = new Authentication(api.settings());
    StatusView status = new StatusView(api);
    this.api =
        concat(
            new ServerRoutes(api, status).routes(),
            new QueueRoutes(api).routes(),
            new ItemRoutes(api).routes(),
            new HistoryRoutes(api).routes(),
            new ControlRoutes(api).routes(),
            new RegistryRoutes(api).routes(),
            new ResourceRoutes(api, status).routes(),
            new DeviceRoutes(api).routes(),
            new ClusterRoutes(api).routes(),
            new RunRoutes(api).routes(),
            new LiveRoutes(api, status).routes());
    this.health = new HealthRoutes(api.backends().node());
  }

  /**
   * Starts the server; it ends with the actor system.
   *
   * @param tls the certificate to serve HTTPS with; empty for HTTP
   * @return the binding, or a failure with one sentence for a person: a {@link WebStartException}
   */
  public static CompletionStage<ServerBinding> start(
      ActorSystem<?> system, WebSettings settings, WebBackends backends, Optional<SSLContext> tls) {
    if (settings.apiKey().isEmpty() && !settings.loopback()) {
      return CompletableFuture.failedFuture(
          new WebStartException(
              "Refusing to listen on "
                  + settings.host()
                  + " without a key: set beamhive.web.api-key (or BEAMHIVE_API_KEY), or listen on"
                  + " 127.0.0.1.",
              null));
    }
    String protocol = tls.isPresent() ? "HTTPS" : "HTTP";
    ServerBuilder server = Http.get(system).newServerAt(settings.host(), settings.port());
    return tls.map(ConnectionContext::httpsServer)
        .map(server::enableHttps)
        .orElse(server)
        .withSettings(serverSettings(system, settings))
        .bind(new WebServer(new Api(system, settings, backends)).routes())
        .handle(
            (binding, failure) -> {
              if (failure != null) {
                throw new WebStartException(
                    "Can't listen on "
                        + settings.host()
                        + ":"
                        + settings.port()
                        + " ("
                        + problem(failure)
                        + "); is another program using the port? Set beamhive.web.port to a free"
                        + " one.",
                    failure);
              }
              LOG.info("{}: listening on {}", protocol, binding.localAddress());
              return binding.addToCoordinatedShutdown(settings.shutdownTimeout(), system);
            });
  }

  private static String problem(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  private static ServerSettings serverSettings(ActorSystem<?> system, WebSettings settings) {
    ServerSettings defaults = ServerSettings.create(system.classicSystem());
    Duration longest = settings.askTimeout().multipliedBy(3).plusSeconds(60);
    return defaults
        // who calls a device is named with its address
        .withRemoteAddressAttribute(true)
        .withTimeouts(
            defaults.getTimeouts().withRequestTimeout(DurationConverters.toScala(longest)))
        .withWebsocketSettings(
            defaults
                .getWebsocketSettings()
                .withPeriodicKeepAliveMaxIdle(DurationConverters.toScala(KEEP_ALIVE)));
  }

  private Route routes() {
    RejectionHandler rejections =
        RejectionHandler.newBuilder()
            .handleAll(
                MethodRejection.class,
                rejected ->
                    complete(
                        Api.json(
                            StatusCodes.METHOD_NOT_ALLOWED, Json.detail("Method Not Allowed"))))
            .handleNotFound(complete(Api.json(StatusCodes.NOT_FOUND, Json.detail("Not Found"))))
            .build();
    ExceptionHandler failures =
        ExceptionHandler.newBuilder()
            .matchAny(
                failure -> {
                  LOG.error("A request failed", failure);
                  return complete(
                      Api.json(
                          StatusCodes.INTERNAL_SERVER_ERROR,
                          Json.detail("The request failed inside the server; its log says why.")));
                })
            .build();
    return handleExceptions(
        failures,
        () ->
            handleRejections(
                rejections,
                () ->
                    concat(
                        pathPrefix("health", health::health),
                        path("metrics", () -> guarded(health.metrics())),
                        pathPrefix("api", () -> guarded(api)))));
  }

  private Route guarded(Route route) {
    return extractRequest(
        request ->
            authentication.allows(request)
                ? route
                : complete(Api.json(StatusCodes.UNAUTHORIZED, Json.detail("Invalid API key"))));
  }
}

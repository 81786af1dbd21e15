package org.beamhive.actors.web;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatcher0;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.stream.StreamLimitReachedException;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all routes share: from a request to its parameters, from a handler's result or failure to a
 * response, and the questions to the queue and the devices with their time-out.
 */
final class Api extends AllDirectives {
  private static final Logger LOG = LoggerFactory.getLogger(Api.class);

  /** How much of a body that is too large is still read, so that the refusal reaches the client. */
  private static final long DRAIN_BYTES = 64L << 20;

  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(30);

  private final ActorSystem<?> system;
  private final WebSettings settings;
  private final WebBackends backends;

  Api(ActorSystem<?> system, WebSettings settings, WebBackends backends) {
    this.system = system;
    this.settings = settings;
    this.backends = backends;
  }

  ActorSystem<?> system() {
    return system;
  }

  WebSettings settings() {
    return settings;
  }

  WebBackends backends() {
    return backends;
  }

  /** Answers a request from its parameters. */
  @FunctionalInterface
  interface Handler extends Function<Params, CompletionStage<ObjectNode>> {}

  Route get(String path, Set<String> parameters, Handler handler) {
    return path(slashes(path), () -> get(() -> answer(parameters, handler)));
  }

  Route post(String path, Set<String> parameters, Handler handler) {
    return path(slashes(path), () -> post(() -> answer(parameters, handler)));
  }

  /** The answer of a handler; what it refuses or fails with becomes a response here. */
  Route answer(Set<String> parameters, Handler handler) {
    return respond(
        parameters,
        params -> handler.apply(params).thenApply(found -> json(StatusCodes.OK, found)));
  }

  /** The same for a response that is more than one JSON object. */
  Route respond(Set<String> parameters, Function<Params, CompletionStage<HttpResponse>> handler) {
    return extractRequest(
        request ->
            completeWithFuture(
                parameters(request)
                    .thenCompose(
                        params -> {
                          params.allowOnly(parameters);
                          return handler.apply(params);
                        })
                    .exceptionally(this::failure)));
  }

  /** Does something for somebody. */
  @FunctionalInterface
  interface Deed {
    CompletionStage<HttpResponse> apply(Params params, String who);
  }

  /**
   * The same with who asks: {@code user}, the name that the client gives, which is not checked, and
   * the client's address.
   */
  Route asked(Set<String> parameters, Deed deed) {
    Set<String> all = new HashSet<>(parameters);
    all.add("user");
    return extractClientIP(
        address ->
            respond(
                all,
                params -> {
                  String user = params.text("user");
                  String from = address.getAddress().map(ip -> ip.getHostAddress()).orElse("");
                  String who = user == null || user.isBlank() ? "somebody" : user.strip();
                  return deed.apply(params, from.isEmpty() ? who : who + " at " + from);
                }));
  }

  private static PathMatcher0 slashes(String path) {
    return PathMatchers.separateOnSlashes(path);
  }

  // ------------------------------------------------------------------ requests

  private CompletionStage<Params> parameters(HttpRequest request) {
    Map<String, String> query = new HashMap<>(request.getUri().query().toMap());
    query.remove("api_key");
    return body(request).thenApply(body -> Params.of(body.toArray(), query));
  }

  private CompletionStage<ByteString> body(HttpRequest request) {
    long limit = settings.maxBodyBytes();
    if (request.entity() instanceof HttpEntity.Strict strict && strict.getData().size() <= limit) {
      return CompletableFuture.completedFuture(strict.getData());
    }
    return request
        .entity()
        .withoutSizeLimit()
        .getDataBytes()
        .completionTimeout(BODY_TIMEOUT)
        .limitWeighted(limit + DRAIN_BYTES, part -> (long) part.size())
        .runFold(
            ByteString.emptyByteString(),
            (all, part) -> all.size() > limit ? all : all.concat(part),
            system)
        .handle(
            (all, failure) -> {
              Throwable cause = cause(failure);
              if (cause instanceof StreamLimitReachedException
                  || (all != null && all.size() > limit)) {
                throw ApiException.tooLarge(limit);
              }
              if (cause instanceof TimeoutException) {
                throw ApiException.notAnswered(
                    "The request body did not arrive within " + BODY_TIMEOUT.toSeconds() + " s.");
              }
              if (cause != null) {
                throw ApiException.badRequest(
                    "The request body can't be read: " + cause.getMessage());
              }
              return all;
            });
  }

  // ------------------------------------------------------------------ responses

  /** The response for what a request has failed with. */
  HttpResponse failure(Throwable failure) {
    Throwable cause = cause(failure);
    if (cause instanceof ApiException refused) {
      return json(refused.status(), Json.detail(refused.getMessage()));
    }
    LOG.error("A request failed", cause);
    return json(
        StatusCodes.INTERNAL_SERVER_ERROR,
        Json.detail("The request failed inside the server; its log says why."));
  }

  static HttpResponse json(StatusCode status, ObjectNode answer) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(
            HttpEntities.create(
                ContentTypes.APPLICATION_JSON, answer.toString().getBytes(StandardCharsets.UTF_8)));
  }

  // ------------------------------------------------------------------ questions

  /** Asks the queue. */
  <T> CompletionStage<T> queue(Function<ActorRef<T>, ScanQueueProtocol.Request> question) {
    CompletionStage<T> reply =
        AskPattern.ask(
            backends.queue(), question::apply, settings.askTimeout(), system.scheduler());
    return within("The queue", reply);
  }

  /** Asks the queue to do something that has no result but success. */
  CompletionStage<ObjectNode> command(
      Function<ActorRef<ScanQueueProtocol.Reply>, ScanQueueProtocol.Request> command) {
    return queue(command)
        .thenApply(
            reply ->
                reply instanceof ScanQueueProtocol.Refused refused
                    ? Json.answer(false, refused.refusal().text())
                    : Json.success());
  }

  CompletionStage<Devices> devices() {
    return within("The list of devices", backends.devices().devices());
  }

  CompletionStage<DeviceProtocol.ReadReply> read(DeviceName device) {
    return within("Device '" + device + "'", backends.devices().read(device));
  }

  /** Asks a device something that it answers at once. */
  <T> CompletionStage<T> device(
      DeviceName name,
      RecipientRef<DeviceProtocol.Request> device,
      Function<ActorRef<T>, DeviceProtocol.Request> question) {
    CompletionStage<T> reply =
        AskPattern.ask(device, question::apply, settings.askTimeout(), system.scheduler());
    return within("Device '" + name + "'", reply);
  }

  /** The stage, failing with the name of who did not answer in time. */
  <T> CompletionStage<T> within(String who, CompletionStage<T> stage) {
    CompletableFuture<T> limited = stage.toCompletableFuture().copy();
    return limited
        .orTimeout(settings.askTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (result, failure) -> {
              Throwable cause = cause(failure);
              if (cause instanceof TimeoutException) {
                throw ApiException.notAnswered(
                    who
                        + " did not answer within "
                        + settings.askTimeout().toMillis() / 1000.0
                        + " s.");
              }
              if (cause != null) {
                throw new CompletionException(cause);
              }
              return result;
            });
  }

  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}

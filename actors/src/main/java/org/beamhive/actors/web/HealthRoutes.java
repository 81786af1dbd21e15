package org.beamhive.actors.web;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import java.nio.charset.StandardCharsets;

/**
 * {@code /health}: for those who watch over processes; needs no key and tells no secrets. And
 * {@code /metrics}, the figures of this node.
 */
final class HealthRoutes extends AllDirectives {
  private final NodeState node;

  HealthRoutes(NodeState node) {
    this.node = node;
  }

  Route health() {
    return concat(
        path(
            "live",
            () ->
                get(
                    () ->
                        completeWithFuture(
                            node.answers()
                                .handle(
                                    (done, failure) ->
                                        failure == null
                                            ? text(StatusCodes.OK, "ok")
                                            : text(
                                                StatusCodes.SERVICE_UNAVAILABLE,
                                                Api.cause(failure).getMessage()))))),
        path(
            "ready",
            () -> get(() -> completeWithFuture(node.readiness().thenApply(HealthRoutes::ready)))));
  }

  Route metrics() {
    return get(() -> complete(text(StatusCodes.OK, node.metrics())));
  }

  private static HttpResponse ready(Readiness readiness) {
    return HttpResponse.create()
        .withStatus(readiness.ready() ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE)
        .withEntity(
            HttpEntities.create(
                ContentTypes.APPLICATION_JSON, readiness.json().getBytes(StandardCharsets.UTF_8)));
  }

  private static HttpResponse text(StatusCode status, String text) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(
            HttpEntities.create(
                ContentTypes.TEXT_PLAIN_UTF8, text.getBytes(StandardCharsets.UTF_8)));
  }
}

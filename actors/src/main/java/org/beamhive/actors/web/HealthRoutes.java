package org.beamhive.actors.web;

import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** {@code /health}: for those who watch over processes; needs no key and tells no secrets. */
final class HealthRoutes extends AllDirectives {
  private final Api api;

  HealthRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        path("live", () -> get(() -> complete("ok"))),
        path(
            "ready",
            () ->
                get(
                    () ->
                        completeWithFuture(
                            api.within(
                                    "The check of readiness", api.backends().readiness().problems())
                                .handle(HealthRoutes::response)))));
  }

  private static HttpResponse response(Map<String, String> problems, Throwable failure) {
    Map<String, String> found =
        failure == null ? problems : Map.of("readiness", Api.cause(failure).getMessage());
    ObjectNode answer = Json.object().put("ready", found.isEmpty());
    ObjectNode list = answer.putObject("problems");
    new TreeMap<>(found).forEach(list::put);
    return Api.json(found.isEmpty() ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE, answer);
  }
}

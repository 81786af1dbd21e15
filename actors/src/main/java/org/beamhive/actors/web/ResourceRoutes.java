package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;

/**
 * {@code /api/plans} and {@code /api/devices}: what can be asked for, and the devices as they are.
 */
final class ResourceRoutes extends AllDirectives {
  private static final Set<String> REDUCED = Set.of("reduced", "user_group");

  private final Api api;
  private final StatusView status;

  ResourceRoutes(Api api, StatusView status) {
    this.api = api;
    this.status = status;
  }

  Route routes() {
    return concat(
        api.get("plans/allowed", REDUCED, params -> plans("plans_allowed")),
        api.get("plans/existing", REDUCED, params -> plans("plans_existing")),
        api.get("devices/allowed", REDUCED, params -> allowed("devices_allowed")),
        api.get("devices/existing", REDUCED, params -> allowed("devices_existing")),
        api.get("devices", Set.of(), params -> devices()),
        api.post("devices/stop", Set.of(), params -> stop(device -> true)),
        pathPrefix(
            "devices",
            () ->
                concat(
                    path(
                        PathMatchers.segment().slash("read"),
                        name -> get(() -> api.answer(Set.of(), params -> read(name)))),
                    path(
                        PathMatchers.segment().slash("stop"),
                        name -> post(() -> api.answer(Set.of(), params -> stop(name)))))));
  }

  private CompletionStage<ObjectNode> plans(String list) {
    ObjectNode answer = Json.success();
    ObjectNode plans = answer.putObject(list);
    api.backends().plans().forEach(plan -> plans.set(plan.name(), Json.plan(plan)));
    answer.put(list + "_uid", status.plansUid());
    return CompletableFuture.completedFuture(answer);
  }

  private CompletionStage<ObjectNode> allowed(String list) {
    return api.devices()
        .thenApply(
            devices -> {
              ObjectNode answer = Json.success();
              ObjectNode entries = answer.putObject(list);
              for (DeviceView device : devices.devices()) {
                entries.set(device.name().value(), Json.allowedDevice(device));
              }
              return answer.put(list + "_uid", status.devicesUid(devices.version()));
            });
  }

  private CompletionStage<ObjectNode> devices() {
    return api.devices()
        .thenApply(
            devices -> {
              ObjectNode answer = Json.success();
              ArrayNode list = answer.putArray("devices");
              devices.devices().forEach(device -> list.add(Json.device(device)));
              return answer.put("devices_uid", status.devicesUid(devices.version()));
            });
  }

  private CompletionStage<ObjectNode> stop(String name) {
    return stop(device -> device.name().value().equals(name))
        .thenApply(
            answer -> {
              if (answer.get("devices").isEmpty()) {
                throw ApiException.notFound("There is no device '" + name + "'.");
              }
              return answer;
            });
  }

  /** Stops at once; a plan that was moving one of them fails. */
  private CompletionStage<ObjectNode> stop(Predicate<DeviceView> which) {
    return api.devices()
        .thenApply(
            devices -> {
              List<DeviceView> stopped = devices.devices().stream().filter(which).toList();
              api.backends().devices().stop(stopped);
              ObjectNode answer = Json.success();
              answer.set(
                  "devices",
                  Json.texts(stopped.stream().map(view -> view.name().value()).toList()));
              return answer;
            });
  }

  private CompletionStage<ObjectNode> read(String name) {
    return api.devices()
        .thenCompose(
            devices -> {
              if (devices.devices().stream().noneMatch(d -> d.name().value().equals(name))) {
                throw ApiException.notFound("There is no device '" + name + "'.");
              }
              return api.read(new DeviceName(name));
            })
        .thenApply(
            reply -> {
              if (reply instanceof DeviceProtocol.ReadDone done) {
                ObjectNode answer = Json.success().put("device", name);
                answer.set("hints", Json.texts(done.description().hints()));
                answer.set("readings", Json.readings(done));
                return answer;
              }
              return Json.answer(false, ((DeviceProtocol.NotRead) reply).problem().text());
            });
  }
}

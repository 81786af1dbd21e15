package org.beamhive.actors.web;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.DeviceView;

/** {@code /api/plans} and {@code /api/devices}: what can be asked for, and the list of devices. */
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
        api.get("devices", Set.of(), params -> devices()));
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
}

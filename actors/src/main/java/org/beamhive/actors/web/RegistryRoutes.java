package org.beamhive.actors.web;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol.AddDevice;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Change;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeMade;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeRefused;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeReply;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ConfigView;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetChanges;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetConfig;
import org.beamhive.protocol.device.DeviceRegistryProtocol.HutchView;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ReloadDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.RemoveDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UndoChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UpdateDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;

/** {@code /api/devices/config}: the configuration of the devices, and how it is changed. */
final class RegistryRoutes extends AllDirectives {
  private static final Set<String> WHICH = Set.of("name", "names", "force");

  private final Api api;

  RegistryRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return concat(
        api.get("devices/config", Set.of("name", "hutch"), this::config),
        api.get("devices/config/history", Set.of(), params -> history()),
        change("add", Set.of("name", "hutch", "config"), this::add),
        change(
            "update",
            Set.of("name", "names", "config", "force"),
            (params, who) -> update(params, who, config(params, true))),
        change("enable", WHICH, (params, who) -> update(params, who, enabled(true))),
        change("disable", WHICH, (params, who) -> update(params, who, enabled(false))),
        change("remove", WHICH, this::remove),
        change("reload", Set.of("hutch", "force"), this::reload),
        change("undo", Set.of("force"), this::undo));
  }

  private Route change(
      String word,
      Set<String> parameters,
      BiFunction<Params, String, CompletionStage<ObjectNode>> change) {
    return path(
        PathMatchers.segment("devices").slash("config").slash(word),
        () ->
            post(
                () ->
                    api.asked(
                        parameters,
                        (params, who) ->
                            change
                                .apply(params, who)
                                .thenApply(found -> Api.json(StatusCodes.OK, found)))));
  }

  // ------------------------------------------------------------------ parameters

  private static Value.Fields enabled(boolean flag) {
    return Value.Fields.EMPTY.with("enabled", Value.of(flag));
  }

  private static boolean force(Params params) {
    return params.flag("force", false);
  }

  private static HutchName hutch(Params params) {
    String hutch = params.text("hutch");
    return hutch == null || hutch.isEmpty() ? null : new HutchName(hutch);
  }

  private static Value.Fields config(Params params, boolean update) {
    Value.Fields config = params.map("config");
    if (config == null) {
      throw ApiException.badRequest(
          "Parameter 'config' is missing: the keys of a device file"
              + (update ? " that are to change." : "."));
    }
    return config;
  }

  private static List<DeviceName> names(Params params) {
    List<String> names = params.texts("names");
    String name = params.text("name");
    if (names == null && name != null) {
      names = List.of(name);
    } else if (names == null || name != null) {
      throw ApiException.badRequest("Either 'name' or 'names' must say which devices are meant.");
    }
    if (names.isEmpty() || names.stream().anyMatch(String::isEmpty)) {
      throw ApiException.badRequest("The name of a device must not be empty.");
    }
    return names.stream().map(DeviceName::new).toList();
  }

  // ------------------------------------------------------------------ questions

  private <T> CompletionStage<T> ask(
      Function<ActorRef<T>, DeviceRegistryProtocol.Request> question) {
    return api.within(
        "The device registry",
        AskPattern.ask(
            api.backends().registry(),
            question::apply,
            api.settings().askTimeout(),
            api.system().scheduler()));
  }

  private CompletionStage<ObjectNode> change(
      Function<ActorRef<ChangeReply>, DeviceRegistryProtocol.Request> request) {
    return ask(request).thenApply(RegistryRoutes::answer);
  }

  private static ObjectNode answer(ChangeReply reply) {
    if (reply instanceof ChangeRefused refused) {
      return Json.answer(false, refused.refusal().text()).put("code", refused.refusal().code());
    }
    ObjectNode answer = Json.success();
    answer.set("change", change(((ChangeMade) reply).change()));
    return answer;
  }

  private CompletionStage<ObjectNode> add(Params params, String who) {
    List<DeviceName> names = names(params);
    Value.Fields config = config(params, false);
    HutchName hutch = hutch(params);
    return change(replyTo -> new AddDevice(names.get(0), hutch, config, who, replyTo));
  }

  private CompletionStage<ObjectNode> update(Params params, String who, Value.Fields settings) {
    List<DeviceName> names = names(params);
    boolean force = force(params);
    return change(replyTo -> new UpdateDevices(names, settings, force, who, replyTo));
  }

  private CompletionStage<ObjectNode> remove(Params params, String who) {
    List<DeviceName> names = names(params);
    boolean force = force(params);
    return change(replyTo -> new RemoveDevices(names, force, who, replyTo));
  }

  private CompletionStage<ObjectNode> reload(Params params, String who) {
    HutchName hutch = hutch(params);
    boolean force = force(params);
    return change(replyTo -> new ReloadDevices(hutch, force, who, replyTo));
  }

  private CompletionStage<ObjectNode> undo(Params params, String who) {
    boolean force = force(params);
    return change(replyTo -> new UndoChange(force, who, replyTo));
  }

  // ------------------------------------------------------------------ answers

  private CompletionStage<ObjectNode> config(Params params) {
    String name = params.text("name");
    HutchName hutch = hutch(params);
    return this.<ConfigView>ask(GetConfig::new)
        .thenApply(
            view -> {
              ObjectNode answer = Json.success().put("version", view.version());
              ArrayNode hutches = answer.putArray("hutches");
              view.hutches().forEach(each -> hutches.add(hutch(each)));
              ObjectNode devices = answer.putObject("devices");
              view.devices().stream()
                  .filter(device -> name == null || device.name().value().equals(name))
                  .filter(device -> hutch == null || device.hutch().equals(hutch))
                  .forEach(device -> devices.set(device.name().value(), device(device)));
              if (name != null && devices.isEmpty()) {
                throw ApiException.notFound("There is no device '" + name + "'.");
              }
              return answer;
            });
  }

  private static ObjectNode hutch(HutchView hutch) {
    ObjectNode object =
        Json.object()
            .put("hutch", hutch.hutch().value())
            .put("file", hutch.file().file())
            .put("file_read_at", hutch.file().readAt())
            .put("changed_since", hutch.changed());
    object.set("nodes", Json.texts(hutch.nodes()));
    object.set("differences", Json.texts(hutch.differences()));
    return object;
  }

  private static ObjectNode device(DeviceEntry device) {
    ObjectNode object = Json.object().put("hutch", device.hutch().value());
    object.set("config", Json.node(device.settings()));
    return object;
  }

  private CompletionStage<ObjectNode> history() {
    return this.<DeviceRegistryProtocol.Changes>ask(GetChanges::new)
        .thenApply(
            changes -> {
              ObjectNode answer = Json.success();
              ArrayNode list = answer.putArray("changes");
              changes.changes().forEach(change -> list.add(change(change)));
              return answer;
            });
  }

  private static ObjectNode change(Change change) {
    ObjectNode object =
        Json.object()
            .put("version", change.version())
            .put("time", change.time())
            .put("kind", change.kind())
            .put("user", change.who())
            .put("count", change.count())
            .put("undoes", change.undoes())
            .put("undone", change.undone());
    ArrayNode devices = object.putArray("devices");
    for (DeviceChange device : change.devices()) {
      ObjectNode one =
          devices
              .addObject()
              .put("name", device.device().value())
              .put("hutch", device.hutch().value());
      one.set("before", device.before() == null ? null : Json.node(device.before()));
      one.set("after", device.after() == null ? null : Json.node(device.after()));
    }
    return object;
  }
}

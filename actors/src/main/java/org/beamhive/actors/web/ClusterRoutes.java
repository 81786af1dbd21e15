package org.beamhive.actors.web;

import akka.actor.Address;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import org.beamhive.protocol.model.DeviceView;

/**
 * {@code /api/cluster}: the nodes as this one sees them, on which of them the singletons are, and
 * where each device lives.
 */
final class ClusterRoutes {
  /** The singletons and the role of the nodes that they can be on. */
  private static final Map<String, String> SINGLETONS =
      new java.util.TreeMap<>(
          Map.of(
              "scan-queue",
              "control",
              "device-directory",
              "control",
              "device-registry",
              "control",
              "redis-bridge",
              "gateway"));

  private final Api api;

  ClusterRoutes(Api api) {
    this.api = api;
  }

  Route routes() {
    return api.get("cluster", Set.of(), params -> cluster());
  }

  private CompletionStage<ObjectNode> cluster() {
    return api.devices().thenApply(devices -> answer(devices.devices()));
  }

  private ObjectNode answer(List<DeviceView> devices) {
    Cluster cluster = Cluster.get(api.system());
    CurrentClusterState state = cluster.state();
    List<Member> members =
        StreamSupport.stream(state.getMembers().spliterator(), false)
            .sorted(Comparator.comparing(member -> text(member.address())))
            .toList();
    Set<Member> unreachable = state.getUnreachable();
    ObjectNode answer = Json.success();
    answer.put("self", text(cluster.selfMember().address()));
    ArrayNode list = answer.putArray("members");
    for (Member member : members) {
      ObjectNode node =
          list.addObject()
              .put("address", text(member.address()))
              .put("status", member.status().toString().toLowerCase(java.util.Locale.ROOT))
              .put("reachable", !unreachable.contains(member))
              .put("version", member.appVersion().version());
      node.set("roles", Json.texts(roles(member)));
    }
    ObjectNode singletons = answer.putObject("singletons");
    SINGLETONS.forEach(
        (name, role) ->
            oldest(members, role)
                .ifPresentOrElse(
                    member -> singletons.put(name, text(member.address())),
                    () -> singletons.putNull(name)));
    ArrayNode where = answer.putArray("devices");
    devices.forEach(device -> where.add(Json.device(device)));
    return answer;
  }

  /** Akka's own rule for where a singleton is. */
  private static Optional<Member> oldest(List<Member> members, String role) {
    return members.stream()
        .filter(member -> member.hasRole(role))
        .filter(
            member ->
                member.status().equals(MemberStatus.up())
                    || member.status().equals(MemberStatus.leaving()))
        .min((one, other) -> one.isOlderThan(other) ? -1 : 1);
  }

  private static List<String> roles(Member member) {
    return member.getRoles().stream().filter(role -> !role.startsWith("dc-")).sorted().toList();
  }

  private static String text(Address address) {
    return address.getHost().orElse("") + ":" + address.getPort().map(Object::toString).orElse("");
  }
}

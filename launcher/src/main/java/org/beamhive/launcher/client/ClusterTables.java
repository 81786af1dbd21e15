package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shows the nodes of a beamline, its singletons and where each device lives. */
public final class ClusterTables {
  /**
   * What is known of a node without asking it.
   *
   * @param name of its file
   * @param roles that it is to have
   * @param pid of its process, if it runs on this machine
   */
  public record LocalNode(String name, List<String> roles, Optional<Long> pid) {
    public LocalNode {
      roles = List.copyOf(roles);
    }
  }

  private final List<String> urls;
  private final Optional<String> key;
  private final PrintWriter out;

  /**
   * Asks the first gateway that answers.
   *
   * @param urls of the gateways
   * @param key of their HTTP interface
   */
  public ClusterTables(List<String> urls, Optional<String> key, PrintWriter out) {
    this.urls = List.copyOf(urls);
    this.key = key;
    this.out = out;
  }

  /**
   * Prints it.
   *
   * @param local the nodes that there should be, by their address
   * @return whether all nodes and devices are there
   */
  public boolean print(Map<String, LocalNode> local) {
    Optional<JsonNode> cluster = cluster();
    Map<String, JsonNode> members = new LinkedHashMap<>();
    cluster.ifPresent(
        answer ->
            answer
                .path("members")
                .forEach(each -> members.put(each.path("address").asText(), each)));
    boolean whole = cluster.isPresent();
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<String, LocalNode> node : local.entrySet()) {
      String state = state(cluster.isPresent(), members.get(node.getKey()), node.getValue());
      whole &= state.equals("up");
      rows.add(
          List.of(
              node.getValue().name(),
              node.getKey(),
              String.join(" ", node.getValue().roles()),
              state,
              node.getValue().pid().map(Object::toString).orElse("")));
    }
    for (JsonNode member : members.values()) {
      String address = member.path("address").asText();
      if (!local.containsKey(address)) {
        whole &= member.path("reachable").asBoolean();
        rows.add(
            List.of(
                "",
                address,
                Show.value(member.path("roles")).replace(",", " "),
                state(true, member, null),
                ""));
      }
    }
    out.println(Show.table(List.of("node", "address", "roles", "state", ">pid"), rows));
    if (cluster.isEmpty()) {
      out.println("No gateway answers (" + String.join(", ", urls) + "): devices are not known.");
      return false;
    }
    out.println(Show.table(List.of("singleton", "is on"), singletons(cluster.get(), local)));
    List<List<String>> devices = devices(cluster.get(), local);
    if (!devices.isEmpty()) {
      out.println(Show.table(List.of("device", "hutch", "lives on", "state", "problem"), devices));
    }
    return whole && devices.stream().allMatch(device -> device.get(4).isEmpty());
  }

  private Optional<JsonNode> cluster() {
    if (urls.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ApiClient(String.join(",", urls), key).get("/api/cluster"));
    } catch (ClientException nobody) {
      return Optional.empty();
    }
  }

  private static String state(boolean known, JsonNode member, LocalNode local) {
    if (member == null) {
      boolean here = local != null && local.pid().isPresent();
      return here ? (known ? "not a member" : "runs") : "not running";
    }
    return member.path("reachable").asBoolean() ? member.path("status").asText() : "unreachable";
  }

  private static List<List<String>> singletons(JsonNode cluster, Map<String, LocalNode> local) {
    List<List<String>> rows = new ArrayList<>();
    cluster
        .path("singletons")
        .properties()
        .forEach(each -> rows.add(List.of(each.getKey(), named(each.getValue(), local))));
    return rows;
  }

  private static List<List<String>> devices(JsonNode cluster, Map<String, LocalNode> local) {
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode device : cluster.path("devices")) {
      rows.add(
          List.of(
              device.path("name").asText(),
              device.path("hutch").asText(),
              named(device.path("node"), local),
              device.path("state").asText(),
              device.path("problem").asText()));
    }
    return rows;
  }

  private static String named(JsonNode address, Map<String, LocalNode> local) {
    if (address.isNull() || address.isMissingNode() || address.asText().isEmpty()) {
      return "nobody";
    }
    LocalNode node = local.get(address.asText());
    return node == null ? address.asText() : node.name();
  }
}

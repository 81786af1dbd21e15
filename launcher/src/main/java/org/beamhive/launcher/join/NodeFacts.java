package org.beamhive.launcher.join;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.beamhive.protocol.wire.ProtocolVersion;

/**
 * What two nodes must agree on to be in one cluster.
 *
 * @param beamline the beamline that the node belongs to
 * @param protocol the version of its messages, as {@link ProtocolVersion#CURRENT}
 * @param version the version of Beamhive, for people; it need not agree
 * @param wire how its messages are written: {@code id 7400} is a serializer's name and class,
 *     {@code org...CborSerializable} the serializer of a marker type
 */
public record NodeFacts(
    String beamline, String protocol, String version, SortedMap<String, String> wire) {
  /** Where a node's facts are put in its configuration, for {@link NodeFactsCheck}. */
  static final String SECTION = "beamhive.facts";

  private static final String OURS = "beamhive-";
  private static final String OUR_CLASSES = "org.beamhive.";

  public NodeFacts {
    wire = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(wire));
  }

  /** The facts of this node, from its whole configuration. */
  public static NodeFacts of(Config config) {
    Config actor = config.getConfig("akka.actor");
    SortedMap<String, String> wire = new TreeMap<>();
    Map<String, Object> classes = actor.getObject("serializers").unwrapped();
    Map<String, Object> ids = actor.getObject("serialization-identifiers").unwrapped();
    Map<String, Object> bindings = actor.getObject("serialization-bindings").unwrapped();
    classes.forEach(
        (name, type) -> {
          if (name.startsWith(OURS)) {
            wire.put("id " + ids.get(name), name + " " + type);
          }
        });
    bindings.forEach(
        (type, serializer) -> {
          if (type.startsWith(OUR_CLASSES)) {
            wire.put(type, String.valueOf(serializer));
          }
        });
    return new NodeFacts(
        config.getString("beamhive.node.beamline"),
        ProtocolVersion.CURRENT,
        Optional.ofNullable(NodeFacts.class.getPackage().getImplementationVersion())
            .orElse("unknown"),
        wire);
  }

  /**
   * Why two nodes can't be in one cluster, as one sentence: what differs, both values and what to
   * do. The same kind of message must be written the same way; what only one side has is no
   * difference, since a newer node may have added it.
   *
   * @param address the other node, {@code host:port}
   * @param other its facts
   */
  Optional<String> misfit(String address, NodeFacts other) {
    if (!beamline.equals(other.beamline)) {
      return Optional.of(
          "node "
              + address
              + " belongs to beamline '"
              + other.beamline
              + "', this node to '"
              + beamline
              + "': give all nodes of a beamline the same beamhive.node.beamline, and list only"
              + " these in beamhive.node.seed-nodes or contact-points");
    }
    if (!ProtocolVersion.compatible(protocol, other.protocol)) {
      return Optional.of(
          "node "
              + address
              + " runs Beamhive "
              + other.version
              + " with protocol "
              + other.protocol
              + ", this node "
              + version
              + " with protocol "
              + protocol
              + ": end all nodes of the beamline, bring them to one version and start them again");
    }
    if (digest().equals(other.digest())) {
      return Optional.empty();
    }
    return wire.entrySet().stream()
        .filter(entry -> other.wire.containsKey(entry.getKey()))
        .filter(entry -> !other.wire.get(entry.getKey()).equals(entry.getValue()))
        .findFirst()
        .map(
            entry ->
                "node "
                    + address
                    + " writes '"
                    + entry.getKey()
                    + "' with '"
                    + other.wire.get(entry.getKey())
                    + "', this node with '"
                    + entry.getValue()
                    + "': install the same Beamhive ("
                    + other.version
                    + " there, "
                    + version
                    + " here) and the same jars of the beamline on both");
  }

  /** A short digest of how messages are written. */
  String digest() {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(wire.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The configuration with these facts in it. */
  public Config into(Config config) {
    return config
        .withValue(SECTION + ".beamline", ConfigValueFactory.fromAnyRef(beamline))
        .withValue(SECTION + ".protocol", ConfigValueFactory.fromAnyRef(protocol))
        .withValue(SECTION + ".version", ConfigValueFactory.fromAnyRef(version))
        .withValue(
            SECTION + ".wire",
            ConfigValueFactory.fromIterable(
                wire.entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .toList()))
        .withValue(
            "akka.cluster.configuration-compatibility-check.checkers.beamhive",
            ConfigValueFactory.fromAnyRef(NodeFactsCheck.class.getName()));
  }

  /** The facts in a configuration; empty if there are none. */
  static Optional<NodeFacts> in(Config config) {
    if (!KEYS.stream().allMatch(config::hasPath)) {
      return Optional.empty();
    }
    SortedMap<String, String> wire = new TreeMap<>();
    for (String entry : config.getStringList(SECTION + ".wire")) {
      int at = entry.indexOf('=');
      wire.put(entry.substring(0, Math.max(at, 0)), entry.substring(at + 1));
    }
    return Optional.of(
        new NodeFacts(
            config.getString(SECTION + ".beamline"),
            config.getString(SECTION + ".protocol"),
            config.getString(SECTION + ".version"),
            wire));
  }

  /** The keys of the facts in a configuration. */
  static final List<String> KEYS =
      List.of(
          SECTION + ".beamline", SECTION + ".protocol", SECTION + ".version", SECTION + ".wire");

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("beamline", beamline).put("protocol", protocol).put("version", version);
    json.put("digest", digest());
    ArrayNode list = json.putArray("wire");
    wire.forEach((key, value) -> list.addObject().put("key", key).put("value", value));
    return json;
  }

  static NodeFacts fromJson(JsonNode json) {
    SortedMap<String, String> wire = new TreeMap<>();
    json.path("wire")
        .forEach(entry -> wire.put(entry.path("key").asText(), entry.path("value").asText()));
    return new NodeFacts(
        json.path("beamline").asText(),
        json.path("protocol").asText(),
        json.path("version").asText(),
        wire);
  }
}

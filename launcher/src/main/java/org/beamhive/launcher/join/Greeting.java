package org.beamhive.launcher.join;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * What nodes say to each other before and after they are in one cluster: JSON in plain strings,
 * which every version reads; what is not known is ignored.
 */
final class Greeting {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Greeting() {}

  /**
   * Who are you?
   *
   * @param contact how the asking node calls the asked one, {@code host:port}
   * @param from the asking node, {@code host:port}
   * @param replyTo the ref for the answer, as text
   * @param facts the asking node's
   */
  record Question(String contact, String from, String replyTo, NodeFacts facts) {}

  /**
   * The answer.
   *
   * @param contact how the asking node called this one
   * @param uid of this start of the node
   * @param inCluster whether the node is in a cluster that can be joined
   * @param holdsLease whether the node holds the formation lease
   * @param status its state in words: Up, Leaving ...; Removed if it is in no cluster
   * @param facts the answering node's
   */
  record Answer(
      String contact,
      long uid,
      boolean inCluster,
      boolean holdsLease,
      String status,
      NodeFacts facts) {}

  /**
   * You are out of our cluster.
   *
   * @param uid of the start of the node that is meant: another one may be at its address by now
   * @param from who says so, {@code host:port}
   */
  record Farewell(long uid, String from) {}

  static String write(Farewell farewell) {
    ObjectNode json = JSON.createObjectNode();
    json.put("beamhive", "you-are-removed").put("uid", Long.toString(farewell.uid()));
    return json.put("from", farewell.from()).toString();
  }

  static String write(Question question) {
    ObjectNode json = JSON.createObjectNode();
    json.put("beamhive", "who-are-you");
    json.put("contact", question.contact()).put("from", question.from());
    json.put("reply-to", question.replyTo()).set("facts", question.facts().toJson());
    return json.toString();
  }

  static String write(Answer answer) {
    ObjectNode json = JSON.createObjectNode();
    json.put("beamhive", "i-am").put("contact", answer.contact());
    // as text: JSON's numbers are not whole beyond 2^53 everywhere
    json.put("uid", Long.toString(answer.uid()));
    json.put("in-cluster", answer.inCluster()).put("holds-lease", answer.holdsLease());
    json.put("status", answer.status());
    json.set("facts", answer.facts().toJson());
    return json.toString();
  }

  /** The question in a text; empty if it is none. */
  static Optional<Question> question(String text) {
    return parsed(text, "who-are-you")
        .map(
            json ->
                new Question(
                    json.path("contact").asText(),
                    json.path("from").asText(),
                    json.path("reply-to").asText(),
                    NodeFacts.fromJson(json.path("facts"))));
  }

  /** The answer in a text; empty if it is none. */
  static Optional<Answer> answer(String text) {
    return parsed(text, "i-am")
        .map(
            json ->
                new Answer(
                    json.path("contact").asText(),
                    json.path("uid").asLong(),
                    json.path("in-cluster").asBoolean(),
                    json.path("holds-lease").asBoolean(),
                    json.path("status").asText(),
                    NodeFacts.fromJson(json.path("facts"))));
  }

  /** The farewell in a text; empty if it is none. */
  static Optional<Farewell> farewell(String text) {
    return parsed(text, "you-are-removed")
        .map(json -> new Farewell(json.path("uid").asLong(), json.path("from").asText()));
  }

  private static Optional<JsonNode> parsed(String text, String kind) {
    try {
      JsonNode json = JSON.readTree(text);
      return Optional.of(json).filter(it -> it.path("beamhive").asText().equals(kind));
    } catch (JsonProcessingException noJson) {
      return Optional.empty();
    }
  }
}

package org.beamhive.launcher.faults;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the bridge's stream of documents to its end, as a program outside does. */
final class StreamTail implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "beamhive:documents";
  private static final int PAGE = 1000;

  private final RedisClient redis;
  private final Map<String, List<JsonNode>> runs = new HashMap<>();
  private String last = "-";

  StreamTail(String url) {
    this.redis = RedisClient.create(url);
  }

  /** The documents of a run that are there, as {@code {"name": ..., "doc": ...}}. */
  List<JsonNode> documents(String run) {
    try (StatefulRedisConnection<String, String> connection = redis.connect()) {
      List<StreamMessage<String, String>> page;
      do {
        Range<String> range =
            last.equals("-")
                ? Range.unbounded()
                : Range.from(Range.Boundary.excluding(last), Range.Boundary.unbounded());
        page = connection.sync().xrange(KEY, range, Limit.from(PAGE));
        for (StreamMessage<String, String> entry : page) {
          last = entry.getId();
          take(entry.getBody());
        }
      } while (page.size() == PAGE);
    } catch (RedisException notNow) {
      return List.of();
    }
    return runs.getOrDefault(run, List.of());
  }

  private void take(Map<String, String> entry) {
    ObjectNode frame = JSON.createObjectNode().put("name", entry.get("name"));
    try {
      frame.set("doc", JSON.readTree(entry.get("doc")));
    } catch (JsonProcessingException wrong) {
      throw new IllegalStateException("not JSON on the stream: " + entry, wrong);
    }
    runs.computeIfAbsent(entry.get("run"), run -> new ArrayList<>()).add(frame);
  }

  /** The documents of a run, which are forgotten here. */
  List<JsonNode> take(String run) {
    documents(run);
    List<JsonNode> found = runs.remove(run);
    return found == null ? List.of() : found;
  }

  @Override
  public void close() {
    redis.shutdown(Duration.ZERO, Duration.ofSeconds(1));
  }
}

package org.beamhive.launcher.faults;

import com.fasterxml.jackson.databind.JsonNode;
import io.jhdf.HdfFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.beamhive.launcher.client.ApiClient;

/**
 * What must hold whatever dies: each accepted item ends exactly once; each run has every point
 * exactly once in the journal, in its file and on the Redis stream, and one stop document.
 */
public final class Invariants implements AutoCloseable {
  private static final Duration DOCUMENTS = Duration.ofSeconds(60);
  private static final Duration FOLLOWERS = Duration.ofSeconds(90);

  private final ApiClient client;
  private final StreamTail stream;
  private final Set<String> checked = new HashSet<>();
  private final List<String> violations = new ArrayList<>();
  private int points;

  /**
   * Checks a beamline.
   *
   * @param client of its gateways
   * @param redisUrl its Redis
   */
  public Invariants(ApiClient client, String redisUrl) {
    this.client = client;
    this.stream = new StreamTail(redisUrl);
  }

  /** Runs that were checked. */
  public int runs() {
    return checked.size();
  }

  /** Points of these runs. */
  public int points() {
    return points;
  }

  /**
   * Checks all items that have ended since the last time.
   *
   * @param accepted all that was accepted so far
   * @return all violations so far, a sentence each
   */
  public List<String> check(List<ScanLoad.Accepted> accepted) {
    Map<String, Integer> expected = new HashMap<>();
    accepted.forEach(item -> expected.put(item.item(), item.points()));
    Map<String, JsonNode> ended = new HashMap<>();
    for (JsonNode item : client.get("/api/history/get").path("items")) {
      String uid = item.path("item_uid").asText();
      if (ended.put(uid, item) != null) {
        violations.add("item " + uid + " has ended twice");
      }
    }
    JsonNode queue = client.get("/api/queue/get");
    Set<String> waiting = new HashSet<>();
    queue.path("items").forEach(item -> waiting.add(item.path("item_uid").asText()));
    waiting.add(queue.at("/running_item/item_uid").asText());
    for (String item : expected.keySet()) {
      if (!ended.containsKey(item) && !waiting.contains(item) && !endedMeanwhile(item)) {
        violations.add("item " + item + " was accepted and is gone");
      }
      if (ended.containsKey(item) && waiting.contains(item) && stillWaiting(item)) {
        violations.add("item " + item + " has ended and is in the queue");
      }
    }
    ended.forEach(
        (item, entry) -> {
          if (checked.add(item)) {
            checkItem(item, entry, expected.get(item));
          }
        });
    return List.copyOf(violations);
  }

  /** It may have left the queue between the two questions. */
  private boolean endedMeanwhile(String item) {
    for (JsonNode entry : client.get("/api/history/get").path("items")) {
      if (entry.path("item_uid").asText().equals(item)) {
        return true;
      }
    }
    return stillWaiting(item);
  }

  private boolean stillWaiting(String item) {
    JsonNode queue = client.get("/api/queue/get");
    for (JsonNode waiting : queue.path("items")) {
      if (waiting.path("item_uid").asText().equals(item)) {
        return true;
      }
    }
    return queue.at("/running_item/item_uid").asText().equals(item);
  }

  private void checkItem(String item, JsonNode entry, Integer expected) {
    JsonNode result = entry.path("result");
    if (!result.path("exit_status").asText().equals("completed")) {
      violations.add("item " + item + " did not complete: " + result);
      return;
    }
    if (result.path("run_uids").size() != 1) {
      violations.add("item " + item + " has not exactly one run: " + result.path("run_uids"));
      return;
    }
    int count = expected == null ? entry.at("/kwargs/num").asInt() : expected;
    points += count;
    checkRun(result.at("/run_uids/0").asText(), count);
  }

  private void checkRun(String run, int count) {
    List<Long> expected = LongStream.rangeClosed(1, count).boxed().toList();
    List<JsonNode> documents = new ArrayList<>();
    retry(
        "documents of run " + run,
        () -> {
          documents.clear();
          documents.addAll(client.documents(run, DOCUMENTS));
        });
    require(run, "journal", expected, seqNums(documents));
    requireOne(run, "journal", "start", documents);
    requireOne(run, "journal", "stop", documents);
    Path[] file = new Path[1];
    BeamlineUnderTest.await(
        "the file of run " + run,
        FOLLOWERS,
        () -> {
          JsonNode files = client.get("/api/runs/" + run).at("/run/files");
          file[0] = files.isEmpty() ? null : Path.of(files.get(0).asText());
          return file[0] != null;
        });
    require(run, "file", expected, fileSeqNums(file[0]));
    BeamlineUnderTest.await(
        "run " + run + " on the Redis stream",
        FOLLOWERS,
        () -> stream.documents(run).stream().anyMatch(each -> name(each).equals("stop")));
    List<JsonNode> streamed = stream.take(run);
    require(run, "Redis stream", expected, seqNums(streamed));
    requireOne(run, "Redis stream", "start", streamed);
    requireOne(run, "Redis stream", "stop", streamed);
  }

  private static void retry(String what, Runnable task) {
    BeamlineUnderTest.await(
        what,
        FOLLOWERS,
        () -> {
          task.run();
          return true;
        });
  }

  private static String name(JsonNode frame) {
    return frame.path("name").asText();
  }

  private void require(String run, String where, List<Long> expected, List<Long> found) {
    if (!found.equals(expected)) {
      violations.add(
          "run %s: the %s has %d points instead of %d: %s"
              .formatted(run, where, found.size(), expected.size(), found));
    }
  }

  private void requireOne(String run, String where, String name, List<JsonNode> documents) {
    long count = documents.stream().filter(each -> name(each).equals(name)).count();
    if (count != 1) {
      violations.add("run %s: the %s has %d %s documents".formatted(run, where, count, name));
    }
  }

  /** The seq_nums of the primary stream, in the order of the documents. */
  static List<Long> seqNums(List<JsonNode> documents) {
    Set<String> primary = new HashSet<>();
    List<Long> found = new ArrayList<>();
    for (JsonNode frame : documents) {
      JsonNode document = frame.path("doc");
      if (name(frame).equals("descriptor") && document.path("name").asText().equals("primary")) {
        primary.add(document.path("uid").asText());
      }
      if (name(frame).equals("event") && primary.contains(document.path("descriptor").asText())) {
        found.add(document.path("seq_num").asLong());
      }
    }
    return found;
  }

  private List<Long> fileSeqNums(Path file) {
    try (HdfFile hdf = new HdfFile(file)) {
      long[] found =
          (long[]) hdf.getDatasetByPath("/entry/collection/streams/primary/seq_num").getData();
      return LongStream.of(found).boxed().toList();
    } catch (RuntimeException unreadable) {
      violations.add("file " + file + " can't be read: " + unreadable);
      return List.of();
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}

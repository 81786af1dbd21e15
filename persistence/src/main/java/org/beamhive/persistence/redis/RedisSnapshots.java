package org.beamhive.persistence.redis;

import static org.beamhive.persistence.redis.StreamEntry.ascii;

import io.lettuce.core.ScriptOutputType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Snapshots in Redis: an index and a hash per persistence id, always changed together by a script.
 */
final class RedisSnapshots {

  private final RedisLink link;
  private final Keys keys;
  private final Script save = Script.load("save-snapshot.lua");
  private final Script load = Script.load("load-snapshot.lua");
  private final Script delete = Script.load("delete-snapshots.lua");

  RedisSnapshots(RedisLink link, Keys keys) {
    this.link = link;
    this.keys = keys;
  }

  /** Which snapshots are meant; all limits are included. */
  record Limits(long minSequenceNr, long maxSequenceNr, long minTimestamp, long maxTimestamp) {
    List<byte[]> args() {
      return List.of(
          padded(minSequenceNr), padded(maxSequenceNr), padded(minTimestamp), padded(maxTimestamp));
    }
  }

  CompletionStage<Void> save(String persistenceId, StoredSnapshot snapshot) {
    List<byte[]> args = new ArrayList<>();
    args.add(padded(snapshot.sequenceNr()));
    args.add(padded(snapshot.timestamp()));
    StreamEntry.addSnapshot(snapshot, args);
    return link.<Long>write(
            () -> "saving snapshot %d of '%s'".formatted(snapshot.sequenceNr(), persistenceId),
            redis -> save.call(redis, ScriptOutputType.INTEGER, keysOf(persistenceId), args))
        .thenAccept(done -> {});
  }

  /** The newest one within the limits. */
  CompletionStage<Optional<StoredSnapshot>> load(String persistenceId, Limits limits) {
    return link.<List<byte[]>>read(
            () -> "loading the snapshot of '%s'".formatted(persistenceId),
            redis -> load.call(redis, ScriptOutputType.MULTI, keysOf(persistenceId), limits.args()))
        .thenApply(answer -> answer.isEmpty() ? Optional.empty() : Optional.of(read(answer)));
  }

  CompletionStage<Void> delete(String persistenceId, Limits limits) {
    return link.<Long>write(
            () -> "deleting snapshots of '%s'".formatted(persistenceId),
            redis ->
                delete.call(redis, ScriptOutputType.INTEGER, keysOf(persistenceId), limits.args()))
        .thenAccept(done -> {});
  }

  private String[] keysOf(String persistenceId) {
    return new String[] {keys.snapshotIndex(persistenceId), keys.snapshots(persistenceId)};
  }

  private static StoredSnapshot read(List<byte[]> answer) {
    Map<String, byte[]> parts = new HashMap<>();
    for (int i = 1; i < answer.size(); i += 2) {
      parts.put(StreamEntry.text(answer.get(i)), answer.get(i + 1));
    }
    String[] numbers = StreamEntry.text(answer.get(0)).split(":");
    return new StoredSnapshot(
        Long.parseLong(numbers[0]),
        Long.parseLong(numbers[1]),
        StreamEntry.payload(parts, "s", "m", "p"),
        parts.containsKey("d")
            ? Optional.of(StreamEntry.payload(parts, "ds", "dm", "d"))
            : Optional.empty());
  }

  private static byte[] padded(long number) {
    return ascii("%019d".formatted(Math.max(0, number)));
  }
}

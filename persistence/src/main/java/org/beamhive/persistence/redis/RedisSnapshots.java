package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.beamhive.persistence.redis.StreamEntry.ascii;

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
    addPayload(snapshot.payload(), args, "s", "m", "p");
    snapshot.metadata().ifPresent(metadata -> addPayload(metadata, args, "ds", "dm", "d"));
    return link.write(
            () -> "saving snapshot %d of '%s'".formatted(snapshot.sequenceNr(), persistenceId),
            redis -> save.call(redis, keysOf(persistenceId), args))
        .thenAccept(done -> {});
  }

  /** The newest one within the limits. */
  CompletionStage<Optional<StoredSnapshot>> load(String persistenceId, Limits limits) {
    return link.read(
            () -> "loading the snapshot of '%s'".formatted(persistenceId),
            redis -> load.call(redis, keysOf(persistenceId), limits.args()))
        .thenApply(
            answer ->
                answer.isEmpty() ? Optional.empty() : Optional.of(read(persistenceId, answer)));
  }

  CompletionStage<Void> delete(String persistenceId, Limits limits) {
    return link.write(
            () -> "deleting snapshots of '%s'".formatted(persistenceId),
            redis -> delete.call(redis, keysOf(persistenceId), limits.args()))
        .thenAccept(done -> {});
  }

  private String[] keysOf(String persistenceId) {
    return new String[] {keys.snapshotIndex(persistenceId), keys.snapshots(persistenceId)};
  }

  private static void addPayload(
      StoredPayload payload, List<byte[]> args, String serializer, String manifest, String bytes) {
    args.add(ascii(serializer));
    args.add(ascii(Integer.toString(payload.serializerId())));
    args.add(ascii(manifest));
    args.add(payload.manifest().getBytes(UTF_8));
    args.add(ascii(bytes));
    args.add(payload.bytes());
  }

  private static StoredPayload payload(
      Map<String, byte[]> parts, String serializer, String manifest, String bytes) {
    if (!parts.keySet().containsAll(List.of(serializer, manifest, bytes))) {
      throw new IllegalArgumentException(
          "it lacks one of the parts %s, %s and %s".formatted(serializer, manifest, bytes));
    }
    return new StoredPayload(
        Integer.parseInt(text(parts.get(serializer))), text(parts.get(manifest)), parts.get(bytes));
  }

  private static StoredSnapshot read(String persistenceId, List<Object> answer) {
    String[] numbers = text(answer.get(0)).split(":");
    long sequenceNr = Long.parseLong(numbers[0]);
    Map<String, byte[]> parts = new HashMap<>();
    for (int i = 1; i < answer.size(); i += 2) {
      parts.put(text(answer.get(i)), (byte[]) answer.get(i + 1));
    }
    try {
      return new StoredSnapshot(
          sequenceNr,
          Long.parseLong(numbers[1]),
          payload(parts, "s", "m", "p"),
          parts.containsKey("d") ? Optional.of(payload(parts, "ds", "dm", "d")) : Optional.empty());
    } catch (RuntimeException e) {
      throw UnreadableException.snapshot(persistenceId, sequenceNr, e);
    }
  }

  private static String text(Object bytes) {
    return StreamEntry.text((byte[]) bytes);
  }

  private static byte[] padded(long number) {
    return ascii("%019d".formatted(Math.max(0, number)));
  }
}

package org.beamhive.persistence.redis;

import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * What one plugin id stores, where and within which limits; what each setting means is written in
 * {@code reference.conf}.
 *
 * @param names the full name of a key, for messages
 */
record RedisSettings(
    UnaryOperator<String> names,
    ServerSettings server,
    String keyPrefix,
    int replayPage,
    long replayPageBytes,
    Duration replayStallTimeout,
    long maxPayloadBytes,
    long maxBatchBytes,
    long maxSnapshotBytes) {

  static RedisSettings from(Section section) {
    String prefix = section.text("key-prefix");
    if (prefix.isBlank() || prefix.contains("{") || prefix.contains("}")) {
      throw section.wrong("key-prefix", "is '" + prefix + "', but must be a word without { and }");
    }
    return new RedisSettings(
        section::name,
        ServerSettings.from(section),
        prefix,
        section.number("replay-page", 1, 100_000),
        section.bytes("replay-page-bytes"),
        section.duration("replay-stall-timeout"),
        section.bytes("max-payload-bytes"),
        section.bytes("max-batch-bytes"),
        section.bytes("max-snapshot-bytes"));
  }

  /** How much one answer to a reader may hold. */
  RedisEventStore.Page page() {
    return new RedisEventStore.Page(replayPage, replayPageBytes);
  }

  IllegalArgumentException tooLarge(String what, long size, long allowed, String key) {
    return new IllegalArgumentException(
        "%s takes %d bytes, more than the %d allowed by %s"
            .formatted(what, size, allowed, names.apply(key)));
  }
}

package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.beamhive.persistence.redis.StreamEntry.ascii;

import io.lettuce.core.KeyValue;
import io.lettuce.core.Value;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A lease as a Redis hash that is changed by scripts. None of them knows the time. */
final class RedisLeaseStore implements LeaseStore {

  private static final Script TAKE = Script.load("take-lease.lua");
  private static final Script RENEW = Script.load("renew-lease.lua");
  private static final Script RELEASE = Script.load("release-lease.lua");

  private final RedisLink link;
  private final String name;
  private final String[] key;

  RedisLeaseStore(RedisLink link, Keys keys, String name) {
    this.link = link;
    this.name = name;
    this.key = new String[] {keys.lease(name)};
  }

  @Override
  public CompletionStage<LeaseEntry> look(Duration within) {
    // By the same connection as everything else, so that what is seen is in its order.
    return link.write(
            () -> "looking at the lease '%s'".formatted(name),
            redis -> redis.hmget(key[0], "owner", "holder", "version"),
            deadline(within))
        .thenApply(
            fields ->
                fields.stream().allMatch(Value::hasValue)
                    ? LeaseEntry.of(fields.stream().map(KeyValue::getValue).toList())
                    : LeaseEntry.MISSING);
  }

  @Override
  public CompletionStage<LeaseEntry> take(LeaseEntry own, LeaseEntry seen, Duration within) {
    return call(
        TAKE,
        "acquiring",
        within,
        own.owner().getBytes(UTF_8),
        ascii(own.holder()),
        version(own),
        ascii(seen.holder()),
        seen.isMissing() ? new byte[0] : version(seen));
  }

  @Override
  public CompletionStage<LeaseEntry> renew(LeaseEntry own, Duration within) {
    return call(
        RENEW, "renewing", within, own.owner().getBytes(UTF_8), ascii(own.holder()), version(own));
  }

  @Override
  public CompletionStage<LeaseEntry> release(LeaseEntry own, Duration within) {
    return call(RELEASE, "releasing", within, ascii(own.holder()), version(own));
  }

  private CompletionStage<LeaseEntry> call(
      Script script, String doing, Duration within, byte[]... args) {
    return link.write(
            () -> "%s the lease '%s'".formatted(doing, name),
            redis -> script.call(redis, key, List.of(args)),
            deadline(within))
        .thenApply(LeaseEntry::of);
  }

  private static long deadline(Duration within) {
    return System.nanoTime() + within.toNanos();
  }

  private static byte[] version(LeaseEntry entry) {
    return ascii(Long.toString(entry.version()));
  }
}

package org.beamhive.launcher.bench;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The floor under all that is stored in Redis: a bare client with one connection that does with
 * streams what has to be done, and nothing else.
 */
final class BareRedis implements AutoCloseable {
  private static final Duration WAIT = Duration.ofSeconds(60);
  private static final int BATCH = 500;

  private final RedisClient client;
  private final StatefulRedisConnection<String, byte[]> connection;

  BareRedis(String url) {
    client = RedisClient.create();
    RedisURI uri = RedisURI.create(url);
    uri.setTimeout(WAIT);
    connection = client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), uri);
  }

  /**
   * Appends an entry again and again to a stream that is deleted afterwards, pipelined: while one
   * batch waits for its answers, the next is on its way.
   */
  double appendsPerSecond(String key, Map<String, byte[]> entry, long count) {
    connection.setAutoFlushCommands(false);
    long begun = System.nanoTime();
    List<RedisFuture<String>> before = List.of();
    for (long done = 0; done < count; done += BATCH) {
      List<RedisFuture<String>> batch = new ArrayList<>();
      for (long i = done; i < Math.min(count, done + BATCH); i++) {
        batch.add(connection.async().xadd(key, id(i), entry));
      }
      connection.flushCommands();
      await(before);
      before = batch;
    }
    await(before);
    double seconds = (System.nanoTime() - begun) / 1e9;
    connection.setAutoFlushCommands(true);
    connection.sync().unlink(key);
    return count / seconds;
  }

  private static void await(List<RedisFuture<String>> answers) {
    if (!LettuceFutures.awaitAll(WAIT, answers.toArray(new RedisFuture<?>[0]))) {
      throw new IllegalStateException("Redis did not answer for " + WAIT);
    }
  }

  /** Appends an entry again and again to a stream that is deleted afterwards, one by one. */
  Latency roundTrips(String key, Map<String, byte[]> entry, int count) {
    long[] nanos = new long[count];
    for (int i = 0; i < count; i++) {
      long begun = System.nanoTime();
      connection.sync().xadd(key, id(i), entry);
      nanos[i] = System.nanoTime() - begun;
    }
    connection.sync().unlink(key);
    return Latency.ofNanos(nanos);
  }

  private static XAddArgs id(long index) {
    return new XAddArgs().id((index + 1) + "-0");
  }

  /** Reads a stream page by page. */
  double readsPerSecond(String key, int page) {
    long begun = System.nanoTime();
    long read = 0;
    Range<String> rest = Range.unbounded();
    while (true) {
      List<StreamMessage<String, byte[]>> entries =
          connection.sync().xrange(key, rest, Limit.from(page));
      read += entries.size();
      if (entries.size() < page) {
        return read / ((System.nanoTime() - begun) / 1e9);
      }
      rest =
          Range.from(
              Range.Boundary.excluding(entries.get(entries.size() - 1).getId()),
              Range.Boundary.unbounded());
    }
  }

  /** The newest entry of a stream. */
  Map<String, byte[]> newest(String key) {
    return connection.sync().xrevrange(key, Range.unbounded(), Limit.from(1)).get(0).getBody();
  }

  /** The names of the streams that match a pattern. */
  List<String> streams(String pattern) {
    return keys(pattern).stream()
        .filter(key -> connection.sync().type(key).equals("stream"))
        .toList();
  }

  /** Deletes all keys that match a pattern. */
  void delete(String pattern) {
    keys(pattern).forEach(key -> connection.sync().unlink(key));
  }

  private List<String> keys(String pattern) {
    List<String> keys = new ArrayList<>();
    ScanArgs all = ScanArgs.Builder.matches(pattern).limit(1000);
    KeyScanCursor<String> cursor = connection.sync().scan(ScanCursor.INITIAL, all);
    keys.addAll(cursor.getKeys());
    while (!cursor.isFinished()) {
      cursor = connection.sync().scan(cursor, all);
      keys.addAll(cursor.getKeys());
    }
    return keys;
  }

  @Override
  public void close() {
    connection.close();
    client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
  }
}

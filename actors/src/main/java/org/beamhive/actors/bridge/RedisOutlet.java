package org.beamhive.actors.bridge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.Base16;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.DocumentJson;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the bridge does with Redis. Every call may be repeated if it failed: what was done before
 * its answer was lost is not done twice. Says once when Redis goes away and once when it is back.
 */
final class RedisOutlet {
  /** How far a run is published. */
  record Progress(long position, boolean complete) {}

  /**
   * Something to be seen under a key.
   *
   * @param key where, without the prefix
   * @param json what, or null to remove it
   * @param channel who is told, without the prefix, or null
   * @param news what they are told
   */
  record Shown(String key, byte[] json, String channel, byte[] news) {}

  private static final Logger LOG = LoggerFactory.getLogger(RedisOutlet.class);
  private static final JsonFactory JSON = new JsonFactory();
  private static final int FIXED_ARGUMENTS = 5;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final BridgeSettings settings;
  private final ClientResources resources;
  private final RedisClient client;
  private final AtomicReference<CompletableFuture<StatefulRedisConnection<String, byte[]>>>
      connection = new AtomicReference<>();
  private final AtomicBoolean away = new AtomicBoolean();
  private final byte[] script = script();
  private final String digest = Base16.digest(script);

  RedisOutlet(BridgeSettings settings) {
    this.settings = settings;
    this.resources =
        ClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .reconnectDelay(
                Delay.exponential(
                    Duration.ofMillis(20), Duration.ofSeconds(1), 2, TimeUnit.MILLISECONDS))
            .build();
    this.client = RedisClient.create(resources);
    client.setOptions(
        ClientOptions.builder()
            .protocolVersion(ProtocolVersion.RESP2)
            .maintNotificationsConfig(MaintNotificationsConfig.disabled())
            .timeoutOptions(TimeoutOptions.enabled())
            // who waits here is told at once and tries again: nothing piles up in the client
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .socketOptions(SocketOptions.builder().connectTimeout(CONNECT_TIMEOUT).build())
            .build());
  }

  /** How far a run is published. */
  CompletionStage<Progress> progress(RunUid run) {
    return attempt(
        redis ->
            redis
                .hmget(positionKey(run), "position", "complete")
                .thenApply(
                    fields -> new Progress(number(fields.get(0)), number(fields.get(1)) == 1)));
  }

  private static long number(KeyValue<String, byte[]> field) {
    return field.hasValue()
        ? Long.parseLong(new String(field.getValue(), StandardCharsets.US_ASCII))
        : 0;
  }

  /**
   * Publishes entries of a run.
   *
   * @param from position of the first
   * @param end whether the last is the run's stop
   * @return up to which position the run is published now
   */
  CompletionStage<Long> publish(RunUid run, long from, List<RunEntry> entries, boolean end) {
    String[] keys = {
      settings.prefix() + "documents", positionKey(run), settings.prefix() + "runs:last"
    };
    byte[][] arguments = arguments(run, from, entries, end);
    return attempt(redis -> call(redis, keys, arguments));
  }

  private byte[][] arguments(RunUid run, long from, List<RunEntry> entries, boolean end) {
    List<byte[]> arguments = new ArrayList<>(FIXED_ARGUMENTS + 3 * entries.size());
    arguments.add(ascii(from - 1));
    arguments.add(ascii(from - 1 + entries.size()));
    arguments.add(ascii(settings.maxLength()));
    arguments.add(ascii(end ? settings.positionTtl().toSeconds() : 0));
    arguments.add(run.value().getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < entries.size(); i++) {
      Document document = entries.get(i).document();
      if (document != null) {
        arguments.add(ascii(from + i));
        arguments.add(document.documentName().getBytes(StandardCharsets.US_ASCII));
        arguments.add(json(document));
      }
    }
    return arguments.toArray(byte[][]::new);
  }

  private static byte[] json(Document document) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(512)) {
      try (JsonGenerator out = JSON.createGenerator(bytes)) {
        DocumentJson.write(document, out);
      }
      return bytes.toByteArray();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static byte[] ascii(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  /** By its digest; whole only when Redis does not know it (any more). */
  private CompletionStage<Long> call(
      RedisAsyncCommands<String, byte[]> redis, String[] keys, byte[][] arguments) {
    return redis
        .<Long>evalsha(digest, ScriptOutputType.INTEGER, keys, arguments)
        .handle(
            (position, problem) ->
                unwrap(problem) instanceof RedisNoScriptException
                    ? redis.<Long>eval(script, ScriptOutputType.INTEGER, keys, arguments)
                    : problem == null
                        ? CompletableFuture.completedStage(position)
                        : CompletableFuture.<Long>failedStage(problem))
        .thenCompose(stage -> stage);
  }

  /** Shows all of these, and then tells who listens. */
  CompletionStage<Void> show(List<Shown> all) {
    return attempt(
        redis -> {
          List<CompletableFuture<?>> answers = new ArrayList<>(2 * all.size());
          for (Shown shown : all) {
            String key = settings.prefix() + shown.key();
            answers.add(
                shown.json() == null
                    ? redis.del(key).toCompletableFuture()
                    : redis.set(key, shown.json()).toCompletableFuture());
            if (shown.channel() != null) {
              answers.add(
                  redis
                      .publish(settings.prefix() + shown.channel(), shown.news())
                      .toCompletableFuture());
            }
          }
          return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new));
        });
  }

  /** Lets go of Redis, without waiting. */
  void close() {
    client
        .shutdownAsync(0, 2, TimeUnit.SECONDS)
        .whenComplete((done, problem) -> resources.shutdown(0, 2, TimeUnit.SECONDS));
  }

  // ------------------------------------------------------------------ connection

  private <T> CompletionStage<T> attempt(
      Function<RedisAsyncCommands<String, byte[]>, CompletionStage<T>> call) {
    return connected()
        .thenCompose(open -> call.apply(open.async()))
        .whenComplete((answer, problem) -> notice(problem));
  }

  private CompletionStage<StatefulRedisConnection<String, byte[]>> connected() {
    CompletableFuture<StatefulRedisConnection<String, byte[]>> known = connection.get();
    if (known != null && !known.isCompletedExceptionally()) {
      return known;
    }
    CompletableFuture<StatefulRedisConnection<String, byte[]>> fresh = new CompletableFuture<>();
    if (!connection.compareAndSet(known, fresh)) {
      return connected();
    }
    client
        .connectAsync(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), settings.uri())
        .whenComplete(
            (open, problem) -> {
              if (problem == null) {
                fresh.complete(open);
              } else {
                fresh.completeExceptionally(problem);
              }
            });
    return fresh;
  }

  private void notice(Throwable problem) {
    if (problem == null) {
      if (away.compareAndSet(true, false)) {
        LOG.info("Redis at {} is back: what waited is published now", settings.address());
      }
    } else if (away.compareAndSet(false, true)) {
      LOG.error(
          "ALARM Redis at {} takes nothing from the bridge: {}. Scans go on and nothing is lost;"
              + " it is tried again by itself. Check that Redis runs and has memory.",
          settings.address(),
          words(root(problem)));
    }
  }

  private static String words(Throwable problem) {
    return problem instanceof RedisCommandExecutionException
            || problem instanceof RedisCommandTimeoutException
            || problem instanceof ConnectException
        ? problem.getMessage()
        : "the connection broke (" + problem + ")";
  }

  private static Throwable root(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }

  private static Throwable unwrap(Throwable problem) {
    return problem instanceof CompletionException && problem.getCause() != null
        ? unwrap(problem.getCause())
        : problem;
  }

  private String positionKey(RunUid run) {
    return settings.prefix() + "positions:" + run;
  }

  private static byte[] script() {
    try (InputStream in = RedisOutlet.class.getResourceAsStream("publish.lua")) {
      if (in == null) {
        throw new IllegalStateException("The script publish.lua is missing from the jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.Base16;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * A Lua script of this package. It is called by its digest, and sent whole only when Redis doesn't
 * know it (any more).
 */
final class Script {

  private final byte[] body;
  private final byte[] digest;

  private Script(byte[] body, byte[] digest) {
    this.body = body;
    this.digest = digest;
  }

  /** Loads a script that lies beside this class. */
  static Script load(String name) {
    try (InputStream in = Script.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The script " + name + " is missing from the jar");
      }
      byte[] body = in.readAllBytes();
      return new Script(body, Base16.digest(body).getBytes(US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For an answer that is a list of numbers and texts. */
  CompletionStage<List<Object>> call(
      RedisClusterAsyncCommands<String, byte[]> redis, String[] keys, List<byte[]> args) {
    return call(redis, () -> new NestedMultiOutput<>(Client.CODEC), keys, args);
  }

  <T> CompletionStage<T> call(
      RedisClusterAsyncCommands<String, byte[]> redis,
      Supplier<CommandOutput<String, byte[], T>> output,
      String[] keys,
      List<byte[]> args) {
    return wholeIfUnknown(
        redis.dispatch(CommandType.EVALSHA, output.get(), arguments(digest, keys, args)),
        () -> redis.dispatch(CommandType.EVAL, output.get(), arguments(body, keys, args)));
  }

  private static CommandArgs<String, byte[]> arguments(
      byte[] script, String[] keys, List<byte[]> args) {
    CommandArgs<String, byte[]> all =
        new CommandArgs<>(Client.CODEC).add(script).add(keys.length).addKeys(keys);
    args.forEach(all::add);
    return all;
  }

  private static <T> CompletionStage<T> wholeIfUnknown(
      CompletionStage<T> byDigest, Supplier<CompletionStage<T>> whole) {
    return byDigest
        .handle(
            (answer, problem) ->
                RedisLink.unwrap(problem) instanceof RedisNoScriptException
                    ? whole.get()
                    : problem == null
                        ? CompletableFuture.completedStage(answer)
                        : CompletableFuture.<T>failedStage(problem))
        .thenCompose(stage -> stage);
  }
}

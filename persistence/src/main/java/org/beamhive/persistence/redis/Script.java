package org.beamhive.persistence.redis;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.Base16;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A Lua script of this package. It is called by its digest, and sent whole only when Redis doesn't
 * know it (any more).
 */
final class Script {

  private final byte[] body;
  private final String digest;

  private Script(byte[] body, String digest) {
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
      return new Script(body, Base16.digest(body));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  <T> CompletionStage<T> call(
      RedisAsyncCommands<String, byte[]> redis,
      ScriptOutputType output,
      String[] keys,
      List<byte[]> args) {
    byte[][] values = args.toArray(byte[][]::new);
    return redis
        .<T>evalsha(digest, output, keys, values)
        .handle(
            (answer, problem) ->
                RedisLink.unwrap(problem) instanceof RedisNoScriptException
                    ? redis.<T>eval(body, output, keys, values)
                    : problem == null
                        ? CompletableFuture.completedStage(answer)
                        : CompletableFuture.<T>failedStage(problem))
        .thenCompose(stage -> stage);
  }
}

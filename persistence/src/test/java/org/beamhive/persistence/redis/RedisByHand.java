package org.beamhive.persistence.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.resource.ClientResources;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What somebody asks of Redis, or does to it, without the plugin. */
final class RedisByHand {

  /** One set of threads for all calls, until the tests end. */
  private static final ClientResources RESOURCES =
      ClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();

  private RedisByHand() {}

  static <T> T on(RedisServerForTest redis, Function<RedisCommands<String, String>, T> commands) {
    try (RedisClient client = RedisClient.create(RESOURCES, redis.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      return commands.apply(connection.sync());
    }
  }

  /** How often Redis has been asked for a command, also by scripts. */
  static long calls(RedisServerForTest redis, String command) {
    Matcher line =
        Pattern.compile("cmdstat_" + command + ":calls=(\\d+)")
            .matcher(on(redis, commands -> commands.info("commandstats")));
    return line.find() ? Long.parseLong(line.group(1)) : 0;
  }
}

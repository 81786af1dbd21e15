package org.beamhive.persistence.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.function.Function;

/** What somebody asks of Redis, or does to it, without the plugin. */
final class RedisByHand {

  private RedisByHand() {}

  static <T> T on(RedisServerForTest redis, Function<RedisCommands<String, String>, T> commands) {
    try (RedisClient client = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      return commands.apply(connection.sync());
    }
  }
}

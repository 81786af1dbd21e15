/**
 * An Akka Persistence plugin for Redis: event journal, snapshot store and read journal; and Akka's
 * leases in Redis. Start reading at {@code RedisJournal} and {@code RedisEventStore}, for leases at
 * {@code LeaseKeeper}. It may import Akka Persistence, Akka Streams, Akka Coordination and Lettuce,
 * and nothing of Beamhive: anyone could use it.
 */
package org.beamhive.persistence.redis;

/**
 * An Akka Persistence plugin for Redis: event journal, snapshot store and read journal. Start
 * reading at {@code RedisJournal} and {@code RedisEventStore}. It may import Akka Persistence, Akka
 * Streams and Lettuce, and nothing of Beamhive: anyone could use it.
 */
package org.beamhive.persistence.redis;

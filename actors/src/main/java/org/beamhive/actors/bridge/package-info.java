/**
 * Publishes documents and states in Redis, for programs outside in any language. Nothing of ours
 * reads them back.
 *
 * <p>Start with {@link org.beamhive.actors.bridge.RedisBridge}; the keys are in
 * docs/reference/redis-keys.md. May import {@code protocol}, {@code run}, Akka and Lettuce.
 */
package org.beamhive.actors.bridge;

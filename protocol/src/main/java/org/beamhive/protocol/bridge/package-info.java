/**
 * What one says to the RedisBridge.
 *
 * <p>Start with {@link org.beamhive.protocol.bridge.RedisBridgeProtocol}. Of Akka only {@code
 * ActorRef} may be imported.
 */
package org.beamhive.protocol.bridge;

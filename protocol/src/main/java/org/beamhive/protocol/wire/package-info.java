/**
 * How messages and stored events are written: the marker types and, in {@code reference.conf},
 * their bindings.
 *
 * <p>Start with {@link org.beamhive.protocol.wire.CborSerializable}. May import Akka's
 * serialization only.
 */
package org.beamhive.protocol.wire;

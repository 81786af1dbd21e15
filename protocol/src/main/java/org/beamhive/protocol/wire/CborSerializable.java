package org.beamhive.protocol.wire;

/**
 * Marks what may travel between nodes. Bound to the serializer {@code beamhive-cbor} in this
 * module's {@code reference.conf}; records and enums only, closed under what they contain.
 */
public interface CborSerializable {}

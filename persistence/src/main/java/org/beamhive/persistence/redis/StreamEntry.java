package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.StreamMessage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The fields of a stream entry. One letter each, always in the same order and with the rare ones
 * last, because Redis then stores the names once per node of the stream instead of once per entry.
 */
final class StreamEntry {

  private static final byte[] PAYLOAD = {'p'};
  private static final byte[] SERIALIZER = {'s'};
  private static final byte[] MANIFEST = {'m'};
  private static final byte[] TIMESTAMP = {'t'};

  /**
   * The writer's id as the 16 bytes of a UUID, which Akka's own always are: 20 bytes less for every
   * event.
   */
  private static final byte[] WRITER_UUID = {'u'};

  /** The writer's id as text, if it isn't a UUID. */
  private static final byte[] WRITER_TEXT = {'w'};

  private static final byte[] ADAPTER_MANIFEST = {'a'};
  private static final byte[] METADATA = {'d'};
  private static final byte[] METADATA_SERIALIZER = {'d', 's'};
  private static final byte[] METADATA_MANIFEST = {'d', 'm'};

  private StreamEntry() {}

  static String id(long sequenceNr) {
    return Long.toUnsignedString(sequenceNr) + "-0";
  }

  static long sequenceNr(String id) {
    return Long.parseLong(id.substring(0, id.indexOf('-')));
  }

  /** Adds the arguments of one event in the form that {@code append.lua} takes. */
  static void addArguments(StoredEvent event, List<byte[]> args) {
    int fields = 10;
    if (!event.adapterManifest().isEmpty()) {
      fields += 2;
    }
    if (event.metadata().isPresent()) {
      fields += 6;
    }
    args.add(ascii(id(event.sequenceNr())));
    args.add(ascii(Integer.toString(fields)));
    addPayload(event.payload(), args, SERIALIZER, MANIFEST, PAYLOAD);
    byte[] uuid = uuidBytes(event.writerUuid());
    args.add(uuid == null ? WRITER_TEXT : WRITER_UUID);
    args.add(uuid == null ? event.writerUuid().getBytes(UTF_8) : uuid);
    args.add(TIMESTAMP);
    args.add(ascii(Long.toString(event.timestamp())));
    if (!event.adapterManifest().isEmpty()) {
      args.add(ADAPTER_MANIFEST);
      args.add(event.adapterManifest().getBytes(UTF_8));
    }
    event
        .metadata()
        .ifPresent(m -> addPayload(m, args, METADATA_SERIALIZER, METADATA_MANIFEST, METADATA));
  }

  /** How many arguments {@link #addArguments} may add for one event. */
  static final int MOST_ARGUMENTS = 20;

  static StoredEvent read(StreamMessage<String, byte[]> entry) {
    Map<String, byte[]> fields = entry.getBody();
    byte[] uuid = fields.get("u");
    return new StoredEvent(
        sequenceNr(entry.getId()),
        payload(fields, "s", "m", "p"),
        text(fields.getOrDefault("a", new byte[0])),
        uuid == null ? text(fields.getOrDefault("w", new byte[0])) : uuidText(uuid),
        Long.parseLong(text(fields.get("t"))),
        fields.containsKey("d") ? Optional.of(payload(fields, "ds", "dm", "d")) : Optional.empty());
  }

  /** The arguments of a payload alone, as a snapshot stores it. */
  static void addSnapshot(StoredSnapshot snapshot, List<byte[]> args) {
    addPayload(snapshot.payload(), args, SERIALIZER, MANIFEST, PAYLOAD);
    snapshot
        .metadata()
        .ifPresent(m -> addPayload(m, args, METADATA_SERIALIZER, METADATA_MANIFEST, METADATA));
  }

  static StoredPayload payload(
      Map<String, byte[]> fields, String serializer, String manifest, String bytes) {
    return new StoredPayload(
        Integer.parseInt(text(fields.get(serializer))),
        text(fields.get(manifest)),
        fields.get(bytes));
  }

  static byte[] ascii(String text) {
    return text.getBytes(ISO_8859_1);
  }

  static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  private static void addPayload(
      StoredPayload payload, List<byte[]> args, byte[] serializer, byte[] manifest, byte[] bytes) {
    args.add(serializer);
    args.add(ascii(Integer.toString(payload.serializerId())));
    args.add(manifest);
    args.add(payload.manifest().getBytes(UTF_8));
    args.add(bytes);
    args.add(payload.bytes());
  }

  private static byte[] uuidBytes(String text) {
    if (text.length() != 36) {
      return null;
    }
    try {
      UUID uuid = UUID.fromString(text);
      // Upper case would come back as lower case: such an id is kept as text.
      return uuid.toString().equals(text)
          ? ByteBuffer.allocate(16)
              .putLong(uuid.getMostSignificantBits())
              .putLong(uuid.getLeastSignificantBits())
              .array()
          : null;
    } catch (IllegalArgumentException notUuid) {
      return null;
    }
  }

  private static String uuidText(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong()).toString();
  }
}

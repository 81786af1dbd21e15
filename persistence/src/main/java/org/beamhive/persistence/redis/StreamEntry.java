package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * An entry of a stream as Redis sends it. Its fields are called by one letter each, always in the
 * same order and with the rare ones last, because Redis then stores the names once per node of the
 * stream instead of once per entry.
 *
 * @param id {@code <sequence number>-0}
 * @param fields names and values in turn
 */
record StreamEntry(String id, List<byte[]> fields) {

  /** Size of an event, in bytes, from which on it is marked as large. */
  static final int LARGE = 64 << 10;

  /** Between the tags of an event. */
  static final char TAG_END = '\0';

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
  private static final byte[] TAGS = {'g'};
  private static final byte[] METADATA = {'d'};
  private static final byte[] METADATA_SERIALIZER = {'d', 's'};
  private static final byte[] METADATA_MANIFEST = {'d', 'm'};

  private static final byte[] YES = {'1'};
  private static final byte[] NO = {'0'};

  static String id(long sequenceNr) {
    return Long.toUnsignedString(sequenceNr) + "-0";
  }

  /**
   * Adds the arguments of one event in the form that {@code append.lua} takes.
   *
   * @param indexed how many of its tags the script is to index
   */
  static void addArguments(StoredEvent event, int indexed, List<byte[]> args) {
    int fields = 10;
    if (!event.adapterManifest().isEmpty()) {
      fields += 2;
    }
    if (!event.tags().isEmpty()) {
      fields += 2;
    }
    if (event.metadata().isPresent()) {
      fields += 6;
    }
    args.add(ascii(id(event.sequenceNr())));
    args.add(flag(event.size() > LARGE));
    args.add(ascii(Integer.toString(indexed)));
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
    if (!event.tags().isEmpty()) {
      args.add(TAGS);
      args.add(String.join(String.valueOf(TAG_END), event.tags()).getBytes(UTF_8));
    }
    event
        .metadata()
        .ifPresent(m -> addPayload(m, args, METADATA_SERIALIZER, METADATA_MANIFEST, METADATA));
  }

  /**
   * Its event.
   *
   * @throws UnreadableException if it isn't one that this plugin has written
   */
  StoredEvent read(String persistenceId) {
    try {
      if (!id.endsWith("-0")) {
        throw new IllegalArgumentException("its entry id is " + id);
      }
      Map<String, byte[]> values = new HashMap<>();
      for (int i = 0; i + 1 < fields.size(); i += 2) {
        values.put(text(fields.get(i)), fields.get(i + 1));
      }
      byte[] uuid = values.get("u");
      return new StoredEvent(
          sequenceNr(),
          payload(values, "s", "m", "p"),
          text(values.getOrDefault("a", new byte[0])),
          uuid == null ? text(values.getOrDefault("w", new byte[0])) : uuidText(uuid),
          Long.parseLong(text(value(values, "t"))),
          values.containsKey("d")
              ? Optional.of(payload(values, "ds", "dm", "d"))
              : Optional.empty(),
          values.containsKey("g")
              ? List.of(text(values.get("g")).split(String.valueOf(TAG_END)))
              : List.of());
    } catch (RuntimeException e) {
      throw UnreadableException.event(persistenceId, id.substring(0, id.indexOf('-')), e);
    }
  }

  long sequenceNr() {
    return Long.parseLong(id.substring(0, id.indexOf('-')));
  }

  /** The arguments of a payload alone, as a snapshot stores it. */
  static void addSnapshot(StoredSnapshot snapshot, List<byte[]> args) {
    addPayload(snapshot.payload(), args, SERIALIZER, MANIFEST, PAYLOAD);
    snapshot
        .metadata()
        .ifPresent(m -> addPayload(m, args, METADATA_SERIALIZER, METADATA_MANIFEST, METADATA));
  }

  static StoredPayload payload(
      Map<String, byte[]> values, String serializer, String manifest, String bytes) {
    return new StoredPayload(
        Integer.parseInt(text(value(values, serializer))),
        text(value(values, manifest)),
        value(values, bytes));
  }

  private static byte[] value(Map<String, byte[]> values, String name) {
    byte[] value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "it has no field '%s', so another program has written it".formatted(name));
    }
    return value;
  }

  static byte[] flag(boolean yes) {
    return yes ? YES : NO;
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

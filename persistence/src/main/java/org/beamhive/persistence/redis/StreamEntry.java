package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An entry of a stream as Redis sends it, and its parts as {@code append.lua} takes them. An event
 * has the fields {@code h}, its header; {@code p}, its payload; and if it has metadata {@code d}.
 * Few fields with short names, because they are what storing and reading an event costs.
 *
 * <p>The header is text: a line each for the serializer's id, the timestamp in milliseconds since
 * 1970, the writer's id, the payload's manifest, the event adapter's manifest, and the tags with
 * NUL between them; lines that are empty at the end are left out. The field {@code d} is a header
 * of two lines, serializer's id and manifest, a NUL, and the metadata. Line ends, NULs and percent
 * signs inside are written as in a URL.
 *
 * @param id {@code <sequence number>-0}
 * @param fields names and values in turn
 */
record StreamEntry(String id, List<byte[]> fields) {

  /** Size of an event, in bytes, above which it counts as large. */
  static final int LARGE = 64 << 10;

  private static final int HEADER_VALUE = 1;
  private static final int PAYLOAD_VALUE = 3;
  private static final int METADATA_VALUE = 5;

  static String id(long sequenceNr) {
    return Long.toUnsignedString(sequenceNr) + "-0";
  }

  /** Of an event that is going to be written. */
  static byte[] header(StoredEvent event) {
    StringBuilder text = new StringBuilder(96);
    text.append(event.payload().serializerId()).append('\n');
    text.append(event.timestamp()).append('\n');
    text.append(escaped(event.writerUuid()));
    boolean adapted = !event.adapterManifest().isEmpty();
    boolean tagged = !event.tags().isEmpty();
    if (adapted || tagged || !event.payload().manifest().isEmpty()) {
      text.append('\n').append(escaped(event.payload().manifest()));
    }
    if (adapted || tagged) {
      text.append('\n').append(escaped(event.adapterManifest()));
    }
    if (tagged) {
      text.append('\n');
      for (int i = 0; i < event.tags().size(); i++) {
        text.append(i == 0 ? "" : "\0").append(escaped(event.tags().get(i)));
      }
    }
    return text.toString().getBytes(UTF_8);
  }

  /** Of an event that is going to be written; empty if it has none. */
  static byte[] metadata(StoredEvent event) {
    if (event.metadata().isEmpty()) {
      return new byte[0];
    }
    StoredPayload metadata = event.metadata().get();
    byte[] header =
        (metadata.serializerId() + "\n" + escaped(metadata.manifest()) + "\0").getBytes(UTF_8);
    byte[] all = Arrays.copyOf(header, header.length + metadata.bytes().length);
    System.arraycopy(metadata.bytes(), 0, all, header.length, metadata.bytes().length);
    return all;
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
      List<String> header = lines(text(value(HEADER_VALUE, "h")));
      return new StoredEvent(
          sequenceNr(),
          new StoredPayload(
              Integer.parseInt(header.get(0)), line(header, 3), value(PAYLOAD_VALUE, "p")),
          line(header, 4),
          unescaped(header.get(2)),
          Long.parseLong(header.get(1)),
          fields.size() > METADATA_VALUE
              ? Optional.of(readMetadata(value(METADATA_VALUE, "d")))
              : Optional.empty(),
          header.size() > 5 ? tags(header.get(5)) : List.of());
    } catch (RuntimeException e) {
      throw UnreadableException.event(persistenceId, id.substring(0, id.indexOf('-')), e);
    }
  }

  private static StoredPayload readMetadata(byte[] field) {
    int end = 0;
    while (field[end] != 0) {
      end++;
    }
    List<String> header = lines(new String(field, 0, end, UTF_8));
    return new StoredPayload(
        Integer.parseInt(header.get(0)),
        unescaped(header.get(1)),
        Arrays.copyOfRange(field, end + 1, field.length));
  }

  long sequenceNr() {
    return Long.parseLong(id.substring(0, id.indexOf('-')));
  }

  private byte[] value(int index, String name) {
    if (fields.size() <= index || !name.equals(text(fields.get(index - 1)))) {
      throw new IllegalArgumentException(
          "it has no field '%s', so another program has written it".formatted(name));
    }
    return fields.get(index);
  }

  private static List<String> lines(String header) {
    return List.of(header.split("\n", -1));
  }

  private static String line(List<String> header, int index) {
    return header.size() > index ? unescaped(header.get(index)) : "";
  }

  private static List<String> tags(String line) {
    return Arrays.stream(line.split("\0", -1)).map(StreamEntry::unescaped).toList();
  }

  private static String escaped(String text) {
    return text.indexOf('%') < 0 && text.indexOf('\n') < 0 && text.indexOf('\0') < 0
        ? text
        : text.replace("%", "%25").replace("\n", "%0A").replace("\0", "%00");
  }

  private static String unescaped(String text) {
    return text.indexOf('%') < 0
        ? text
        : text.replace("%00", "\0").replace("%0A", "\n").replace("%25", "%");
  }

  static byte[] ascii(String text) {
    return text.getBytes(ISO_8859_1);
  }

  static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }
}

package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;

/**
 * Events and snapshots of every form that can be stored, each with a text that no other has. The
 * same seed makes the same ones.
 */
final class RandomEvents {

  static final List<String> TAGS = List.of("", "blue:1", "größer {} %7B\n\0%00");

  private final Random random;
  private final String name;
  private int made;

  RandomEvents(Random random, String name) {
    this.random = random;
    this.name = name;
  }

  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  /** From one number to another, both included. */
  long number(long least, long most) {
    return least + random.nextInt(Math.toIntExact(most - least + 1));
  }

  <T> T oneOf(List<T> things) {
    return things.get(random.nextInt(things.size()));
  }

  List<StoredEvent> batch(long first, int count) {
    String writer = writer();
    List<StoredEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(event(first + i, writer));
    }
    return events;
  }

  private String writer() {
    return chance(90)
        ? new UUID(random.nextLong(), random.nextLong()).toString()
        : "writer\n%0A\0" + random.nextInt();
  }

  private StoredEvent event(long sequenceNr, String writer) {
    return new StoredEvent(
        sequenceNr,
        payload(size()),
        chance(10) ? "adapter\n" + made : "",
        writer,
        number(0, 2_000_000_000),
        chance(10) ? Optional.of(payload(10)) : Optional.empty(),
        chance(15) ? TAGS.stream().filter(tag -> chance(50)).sorted().toList() : List.of());
  }

  /** Mostly small; now and then around and above the size from which on pages are cut by bytes. */
  private int size() {
    if (chance(98)) {
      return random.nextInt(200);
    }
    return chance(30)
        ? StreamEntry.LARGE - 20 + random.nextInt(40)
        : StreamEntry.LARGE + random.nextInt(3 * StreamEntry.LARGE);
  }

  private StoredPayload payload(int size) {
    byte[] text = (name + "-" + ++made + "-").getBytes(UTF_8);
    byte[] bytes = new byte[Math.max(size, text.length)];
    random.nextBytes(bytes);
    System.arraycopy(text, 0, bytes, 0, text.length);
    return new StoredPayload(random.nextInt(), chance(50) ? "" : "größe%25\n" + made, bytes);
  }

  StoredSnapshot snapshot(long sequenceNr, long timestamp) {
    return new StoredSnapshot(
        sequenceNr,
        timestamp,
        payload(chance(5) ? 200_000 : random.nextInt(500)),
        chance(20) ? Optional.of(payload(10)) : Optional.empty());
  }
}

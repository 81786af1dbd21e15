package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.beamhive.persistence.redis.RedisEventStore.Head;
import org.beamhive.persistence.redis.RedisEventStore.Listed;
import org.beamhive.persistence.redis.RedisEventStore.Page;

/**
 * What {@link RedisEventStore} and {@link RedisSnapshots} promise, on plain collections: the
 * property tests compare both after every step.
 */
final class StoreModel {

  private final Map<String, Journal> journals = new HashMap<>();
  private final Map<String, OrderedList> tags = new HashMap<>();
  private final OrderedList ids = new OrderedList();

  /** The events of one persistence id and its snapshots. */
  static final class Journal {
    final NavigableMap<Long, StoredEvent> events = new TreeMap<>();
    final NavigableMap<Long, StoredSnapshot> snapshots = new TreeMap<>();
    long highest;
    boolean large;

    Head head() {
      return new Head(events.isEmpty() ? 0 : events.firstKey(), highest, large);
    }

    List<StoredEvent> between(long from, long to) {
      return from > to ? List.of() : List.copyOf(events.subMap(from, true, to, true).values());
    }
  }

  /** A list whose positions are given once. */
  static final class OrderedList {
    final NavigableMap<Long, String> members = new TreeMap<>();
    long end;

    private void add(String member) {
      if (!members.containsValue(member)) {
        members.put(++end, member);
      }
    }

    void remove(String member) {
      members.values().remove(member);
    }

    List<Listed> between(long from, long to) {
      return members.subMap(from, true, to, true).entrySet().stream()
          .map(member -> new Listed(member.getKey(), member.getValue()))
          .toList();
    }
  }

  Journal journal(String persistenceId) {
    return journals.computeIfAbsent(persistenceId, id -> new Journal());
  }

  OrderedList tag(String tag) {
    return tags.computeIfAbsent(tag, name -> new OrderedList());
  }

  OrderedList ids() {
    return ids;
  }

  /** Whether the events are stored afterwards; otherwise they are refused. */
  boolean append(String persistenceId, List<StoredEvent> batch) {
    Journal journal = journal(persistenceId);
    if (batch.get(0).sequenceNr() <= journal.highest) {
      return batch.stream().allMatch(event -> same(event, journal.events.get(event.sequenceNr())));
    }
    for (StoredEvent event : batch) {
      journal.events.put(event.sequenceNr(), event);
      journal.highest = event.sequenceNr();
      journal.large |= event.size() > StreamEntry.LARGE;
      event
          .tags()
          .forEach(tag -> tag(tag).add(TaggedEvent.member(event.sequenceNr(), persistenceId)));
    }
    ids.add(persistenceId);
    return true;
  }

  void deleteTo(String persistenceId, long to) {
    journal(persistenceId).events.headMap(to, true).clear();
  }

  /** One page: see {@link RedisEventStore#read}. */
  List<StoredEvent> read(String persistenceId, long from, long to, Page page, boolean large) {
    List<StoredEvent> result = new ArrayList<>();
    long bytes = 0;
    for (StoredEvent event : journal(persistenceId).between(from, to)) {
      if (result.size() >= page.events() || (large && bytes >= page.bytes())) {
        break;
      }
      result.add(event);
      bytes += storedBytes(event);
    }
    return result;
  }

  /** Names and values of the entry's fields, which is what the script counts. */
  private static long storedBytes(StoredEvent event) {
    int metadata = StreamEntry.metadata(event).length;
    return 2
        + StreamEntry.header(event).length
        + event.payload().bytes().length
        + (metadata == 0 ? 0 : 1 + metadata);
  }

  void save(String persistenceId, StoredSnapshot snapshot) {
    journal(persistenceId).snapshots.put(snapshot.sequenceNr(), snapshot);
  }

  Optional<StoredSnapshot> load(String persistenceId, RedisSnapshots.Limits limits) {
    return journal(persistenceId).snapshots.descendingMap().values().stream()
        .filter(snapshot -> within(snapshot, limits))
        .findFirst();
  }

  void delete(String persistenceId, RedisSnapshots.Limits limits) {
    journal(persistenceId).snapshots.values().removeIf(snapshot -> within(snapshot, limits));
  }

  private static boolean within(StoredSnapshot snapshot, RedisSnapshots.Limits limits) {
    return snapshot.sequenceNr() >= limits.minSequenceNr()
        && snapshot.sequenceNr() <= limits.maxSequenceNr()
        && snapshot.timestamp() >= limits.minTimestamp()
        && snapshot.timestamp() <= limits.maxTimestamp();
  }

  private static boolean same(StoredEvent one, StoredEvent other) {
    return other != null && facts(one).equals(facts(other));
  }

  /** Everything of an event in a form that can be compared and, in a message, read. */
  static List<Object> facts(StoredEvent event) {
    return List.of(
        event.sequenceNr(),
        facts(event.payload()),
        event.adapterManifest(),
        event.writerUuid(),
        event.timestamp(),
        event.metadata().map(StoreModel::facts),
        event.tags());
  }

  static List<Object> facts(StoredSnapshot snapshot) {
    return List.of(
        snapshot.sequenceNr(),
        snapshot.timestamp(),
        facts(snapshot.payload()),
        snapshot.metadata().map(StoreModel::facts));
  }

  static List<List<Object>> facts(List<StoredEvent> events) {
    return events.stream().map(StoreModel::facts).toList();
  }

  private static List<Object> facts(StoredPayload payload) {
    return List.of(payload.serializerId(), payload.manifest(), new Bytes(payload.bytes()));
  }

  /** Compares all bytes and shows the first few. */
  private record Bytes(ByteBuffer all) {
    Bytes(byte[] bytes) {
      this(ByteBuffer.wrap(bytes));
    }

    @Override
    public String toString() {
      byte[] first = Arrays.copyOf(all.array(), Math.min(12, all.capacity()));
      return new String(first, UTF_8) + "... of " + all.capacity() + " bytes";
    }
  }
}

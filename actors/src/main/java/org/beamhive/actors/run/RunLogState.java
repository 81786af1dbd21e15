package org.beamhive.actors.run;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ObjLongConsumer;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunProgress;

/**
 * What a run log knows of its entries: counts and the newest ones. Mutable, since it changes with
 * every point of every scan; touched only by the log's event handler and command handlers, and
 * never stored.
 */
final class RunLogState {
  private final int tailSize;
  private final ArrayDeque<RunEntry> tail = new ArrayDeque<>();
  private final List<EventDescriptor> descriptors = new ArrayList<>();
  private final Map<String, String> streams = new HashMap<>();
  private final Map<String, Long> lastSeqNums = new LinkedHashMap<>();
  private final Map<Long, Value> answers = new LinkedHashMap<>();
  private final List<AssetDocument> resources = new ArrayList<>();
  private long entries;
  private RunStart start;
  private RunStop stop;
  private double lastTime;

  RunLogState(int tailSize) {
    this.tailSize = tailSize;
  }

  /** Why these entries can't follow what is here, if they can't. */
  Optional<Refusal> refuse(List<RunEntry> next) {
    boolean started = start != null;
    boolean stopped = stop != null;
    Map<String, String> names = streams;
    Map<String, Long> last = new HashMap<>(lastSeqNums);
    for (RunEntry entry : next) {
      if (stopped) {
        return Optional.of(
            Refusal.of("run-closed", "the run is closed: nothing can be added to its log"));
      }
      if (entry instanceof RunEntry.Started && started) {
        return Optional.of(Refusal.of("run-open", "the run has a start document already"));
      }
      if (!started && !(entry instanceof RunEntry.Started || entry instanceof RunEntry.Answered)) {
        return Optional.of(
            Refusal.of("run-not-open", "the run has no start document: it must come first"));
      }
      if (entry instanceof RunEntry.Described described) {
        if (names == streams) {
          names = new HashMap<>(streams);
        }
        names.put(described.document().uid(), described.document().name());
      } else if (entry instanceof RunEntry.Measured measured) {
        Event event = measured.document();
        String stream = names.get(event.descriptor());
        if (stream == null) {
          return Optional.of(
              Refusal.of(
                  "no-descriptor", "event " + event.uid() + " has no descriptor in this log"));
        }
        long expected = last.getOrDefault(stream, 0L) + 1;
        if (event.seqNum() != expected) {
          return Optional.of(
              Refusal.of(
                  "wrong-seq-num",
                  "stream '"
                      + stream
                      + "': seq_num "
                      + event.seqNum()
                      + " given, "
                      + expected
                      + " expected"));
        }
        last.put(stream, expected);
      }
      started |= entry instanceof RunEntry.Started;
      stopped |= entry instanceof RunEntry.Stopped;
    }
    return Optional.empty();
  }

  /**
   * This log with one more entry. The empty one stays empty: a log that is read again after a
   * failed write begins with the same object.
   */
  RunLogState with(RunEntry entry) {
    RunLogState next = entries == 0 ? new RunLogState(tailSize) : this;
    next.add(entry);
    return next;
  }

  private void add(RunEntry entry) {
    entries++;
    tail.addLast(entry);
    if (tail.size() > tailSize) {
      tail.removeFirst();
    }
    if (entry.document() != null) {
      lastTime = entry.document().time();
    }
    if (entry instanceof RunEntry.Measured measured) {
      lastSeqNums.put(streams.get(measured.document().descriptor()), measured.document().seqNum());
    } else if (entry instanceof RunEntry.Described described) {
      descriptors.add(described.document());
      streams.put(described.document().uid(), described.document().name());
      lastSeqNums.putIfAbsent(described.document().name(), 0L);
    } else if (entry instanceof RunEntry.Started started) {
      start = started.document();
    } else if (entry instanceof RunEntry.Stopped stopped) {
      stop = stopped.document();
    } else if (entry instanceof RunEntry.Answered answered) {
      answers.put(answered.instruction(), answered.answer());
    } else if (entry instanceof RunEntry.Referenced named && named.document().namesFile()) {
      resources.add(named.document());
    }
  }

  /** Tells how many points of which stream are among entries that are here. */
  void points(List<RunEntry> added, ObjLongConsumer<String> told) {
    String stream = null;
    long points = 0;
    for (RunEntry entry : added) {
      if (entry instanceof RunEntry.Measured measured) {
        String next = streams.get(measured.document().descriptor());
        if (!next.equals(stream)) {
          tell(stream, points, told);
          stream = next;
          points = 0;
        }
        points++;
      }
    }
    tell(stream, points, told);
  }

  private static void tell(String stream, long points, ObjLongConsumer<String> told) {
    if (points > 0) {
      told.accept(stream, points);
    }
  }

  /** How many entries there are; also the position of the newest. */
  long entries() {
    return entries;
  }

  /** The position of the oldest entry in memory. */
  long firstHeld() {
    return entries - tail.size() + 1;
  }

  /** The entries from a position that is held, at most so many. */
  List<RunEntry> from(long position, int max) {
    return tail.stream().skip(position - firstHeld()).limit(max).toList();
  }

  RunProgress progress() {
    return new RunProgress(
        entries, start, descriptors, lastSeqNums, answers, lastTime, stop, resources);
  }
}

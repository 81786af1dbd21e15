package org.beamhive.actors.filewriter.actor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;

/** A run that a test writes into a journal kept in memory, as far as it wants. */
public final class RecordedRun implements RunJournal {
  private static final double START = 1_790_000_000.25;

  private final RunUid run = RunUid.random();
  private final long scanId;
  private final List<RunEntry> entries = new CopyOnWriteArrayList<>();
  private final Map<String, String> descriptors = new LinkedHashMap<>();
  private final Map<String, Long> counts = new LinkedHashMap<>();

  public RecordedRun(long scanId) {
    this.scanId = scanId;
  }

  public RunUid run() {
    return run;
  }

  public List<RunEntry> entries() {
    return entries;
  }

  @Override
  public CompletionStage<List<RunEntry>> read(RunUid wanted, long from, int max) {
    if (!wanted.equals(run)) {
      return CompletableFuture.completedStage(List.of());
    }
    List<RunEntry> now = List.copyOf(entries);
    int first = (int) Math.min(from - 1, now.size());
    return CompletableFuture.completedStage(
        now.subList(first, (int) Math.min((long) first + max, now.size())));
  }

  /** The start of a scan of samx with the detector i0. */
  public RecordedRun start(Value.Fields... more) {
    Value dimensions =
        Value.of(
            List.of(Value.of(List.of(Value.of(List.of(Value.of("samx"))), Value.of("primary")))));
    Value.Fields metadata =
        Value.Fields.EMPTY
            .with("plan_name", Value.of("scan"))
            .with("motors", Value.of(List.of(Value.of("samx"))))
            .with("detectors", Value.of(List.of(Value.of("i0"))))
            .with("hints", Value.Fields.EMPTY.with("dimensions", dimensions));
    for (Value.Fields fields : more) {
      metadata = metadata.with(fields);
    }
    entries.add(new RunEntry.Started(new RunStart(run, START, scanId, metadata)));
    return this;
  }

  /** An answer, which carries no document. */
  public RecordedRun answer() {
    entries.add(new RunEntry.Answered(1, Value.of(1.5)));
    return this;
  }

  /** The primary stream: samx, samx_setpoint and i0. */
  public RecordedRun describe() {
    DataKey millimetres =
        new DataKey("number", List.of(), "SIM:samx", "mm", 3, "<f8", "samx", null, null, null);
    return describe(
        "primary",
        new DeviceDescription(
            new DeviceName("samx"),
            "SimMotor",
            keys("samx", millimetres, "samx_setpoint", millimetres),
            List.of("samx"),
            List.of(new Reading("samx_velocity", Value.of(2.5), START, AlarmSeverity.NO_ALARM)),
            keys(
                "samx_velocity",
                new DataKey(
                    "number", List.of(), "SIM:samx", "mm/s", 3, "<f8", "samx", null, null, null))),
        device("i0", "i0", DataKey.number("SIM:i0", "i0")));
  }

  public RecordedRun describe(String stream, DeviceDescription... devices) {
    String uid = stream + "-" + run;
    descriptors.put(stream, uid);
    entries.add(
        new RunEntry.Described(
            new EventDescriptor(uid, run, START + 0.5, stream, List.of(devices))));
    return this;
  }

  /** A device with one key that is shown. */
  public static DeviceDescription device(String name, String key, DataKey description) {
    return new DeviceDescription(
        new DeviceName(name),
        "SimDetector",
        keys(key, description),
        List.of(key),
        List.of(),
        Map.of());
  }

  /** Data keys in their order: name, description, name, description... */
  public static Map<String, DataKey> keys(Object... pairs) {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      keys.put((String) pairs[i], (DataKey) pairs[i + 1]);
    }
    return keys;
  }

  /** So many further points of the primary stream: samx = 0.5 n, i0 = n, for n from 1. */
  public RecordedRun points(int count) {
    List<RunEntry> points = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      double n = counts.getOrDefault("primary", 0L) + 1.0;
      points.add(
          event(
              "primary",
              reading("samx", Value.of(0.5 * n)),
              reading("samx_setpoint", Value.of(0.5 * n)),
              reading("i0", Value.of(n))));
    }
    entries.addAll(points);
    return this;
  }

  public RecordedRun point(String stream, Reading... readings) {
    entries.add(event(stream, readings));
    return this;
  }

  private RunEntry event(String stream, Reading... readings) {
    long seqNum = counts.merge(stream, 1L, Long::sum);
    return new RunEntry.Measured(
        new Event(
            stream + "-" + seqNum,
            descriptors.get(stream),
            seqNum,
            START + seqNum,
            List.of(readings)));
  }

  public static Reading reading(String key, Value value) {
    return new Reading(key, value, START + 7, AlarmSeverity.NO_ALARM);
  }

  public RecordedRun stop(String exitStatus, String reason) {
    entries.add(
        new RunEntry.Stopped(
            new RunStop("stop-" + run, run, START + 1000, exitStatus, reason, counts)));
    return this;
  }
}

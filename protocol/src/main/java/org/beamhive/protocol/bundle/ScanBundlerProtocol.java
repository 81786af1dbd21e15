package org.beamhive.protocol.bundle;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to the ScanBundler of a run: the worker says what a point consists of, devices send
 * their readings, and the bundler puts documents together and hands them to the RunLog in batches.
 */
public final class ScanBundlerProtocol {
  private ScanBundlerProtocol() {}

  /** All that a bundler handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits OpenRun,
          Describe,
          Bundle,
          Collection,
          Drop,
          RecordAnswer,
          CloseRun,
          DeviceRead,
          DeviceCollected,
          ReadFailed {}

  /** What a bundler tells itself. */
  public non-sealed interface Internal extends Command {}

  /** Write the start document. The worker gets {@link Logged} when it is durable. */
  public record OpenRun(RunStart start) implements Request {}

  /** What the devices of this run are; sent before the first bundle. No answer. */
  public record Describe(List<DeviceDescription> devices) implements Request {
    public Describe {
      devices = List.copyOf(devices);
    }
  }

  /**
   * A point is these devices' readings and becomes the next event of the stream. The worker gets
   * {@link PointTaken} or {@link PointFailed} once, and {@link Logged} when the event is durable.
   */
  public record Bundle(long point, String stream, List<DeviceName> devices) implements Request {
    public Bundle {
      devices = List.copyOf(devices);
    }
  }

  /**
   * What a flyer gathers under this number becomes the next events of the stream. The worker gets
   * {@link Collected} or {@link PointFailed} once, and {@link Logged} when the events are durable.
   */
  public record Collection(long point, String stream, DeviceName device) implements Request {}

  /** Forget the readings of a point that will not be saved. No answer. */
  public record Drop(long point) implements Request {}

  /** Record an answer that the plan can branch on. The worker gets {@link Logged}. */
  public record RecordAnswer(long instruction, Value answer) implements Request {}

  /** Write the stop document. The worker gets {@link Logged} when it is durable. */
  public record CloseRun(String exitStatus, String reason) implements Request {}

  /**
   * A device's readings for a point, in the order of its data keys.
   *
   * @param assets what says where the data are that the device keeps in files of its own. A
   *     resource may be named again at each point; the bundler writes it once. Run, descriptor and
   *     seq_nums are filled in by the bundler.
   */
  public record DeviceRead(
      DeviceName device, long point, List<Reading> readings, List<AssetDocument> assets)
      implements Request {
    public DeviceRead {
      readings = List.copyOf(readings);
      assets = assets == null ? List.of() : List.copyOf(assets);
    }

    /** Readings of a device without files. */
    public DeviceRead(DeviceName device, long point, List<Reading> readings) {
      this(device, point, readings, List.of());
    }
  }

  /**
   * A part of what a flyer has gathered: one list of readings for each event, each in the order of
   * its data keys.
   *
   * @param from how many events came before these
   * @param last whether these are the last
   */
  public record DeviceCollected(
      DeviceName device, long point, long from, List<List<Reading>> events, boolean last)
      implements Request {
    public DeviceCollected {
      events = events.stream().map(List::copyOf).toList();
    }
  }

  /** A device could not be read for a point. */
  public record ReadFailed(DeviceName device, long point, Refusal problem) implements Request {}

  /** What the bundler tells the worker. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = PointTaken.class, name = "point-taken"),
    @JsonSubTypes.Type(value = PointFailed.class, name = "point-failed"),
    @JsonSubTypes.Type(value = Collected.class, name = "collected"),
    @JsonSubTypes.Type(value = Logged.class, name = "logged")
  })
  public sealed interface Reply extends CborSerializable
      permits PointTaken, PointFailed, Collected, Logged {}

  /** All readings of the point are there: devices may move on. */
  public record PointTaken(long point) implements Reply {}

  /** All that a flyer has gathered is there: so many events. */
  public record Collected(long point, long events) implements Reply {}

  /** The point can't be completed. */
  public record PointFailed(long point, DeviceName device, Refusal problem) implements Reply {}

  /**
   * So many of the entries given to the bundler, in their order, are durable.
   *
   * @param entries count of durable entries (start, answers, points, stop) since this bundler began
   * @param waiting count of entries that are not durable yet
   */
  public record Logged(long entries, long waiting) implements Reply {}
}

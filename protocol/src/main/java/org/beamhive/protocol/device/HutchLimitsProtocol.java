package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.List;
import org.beamhive.protocol.device.DeviceDetails.LimitsChange;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What the keepers of limits on a hutch's nodes tell each other, so that a device that moves to
 * another node has its limits there.
 */
public final class HutchLimitsProtocol {
  private HutchLimitsProtocol() {}

  /** All that a keeper handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable permits Share {}

  /** What a keeper is told on its own node. */
  public non-sealed interface Internal extends Command {}

  /** The limits that a keeper knows of, all or those that have changed. No answer. */
  public record Share(List<Entry> entries, ActorRef<Request> keeper) implements Request {
    public Share {
      entries = List.copyOf(entries);
    }
  }

  /**
   * Our own limits of a device.
   *
   * @param device which
   * @param version counts their changes: of two entries the one with the higher version holds
   * @param limits now; {@link Limits#NONE} if they were taken away
   * @param changes the last changes, the newest last
   */
  public record Entry(DeviceName device, long version, Limits limits, List<LimitsChange> changes) {
    private static final int REMEMBERED = 50;

    public Entry {
      changes = List.copyOf(changes);
    }

    /** Of a device that never had any. */
    public static Entry none(DeviceName device) {
      return new Entry(device, 0, Limits.NONE, List.of());
    }

    /**
     * With other limits.
     *
     * @param time seconds since 1970
     */
    public Entry changed(double time, String who, Limits next) {
      List<LimitsChange> all = new ArrayList<>(changes);
      all.add(new LimitsChange(time, who, limits, next));
      return new Entry(
          device, version + 1, next, all.subList(Math.max(0, all.size() - REMEMBERED), all.size()));
    }

    /** Whether this one holds, and not the other one. */
    public boolean newerThan(Entry other) {
      return version != other.version ? version > other.version : time() > other.time();
    }

    private double time() {
      return changes.isEmpty() ? 0 : changes.get(changes.size() - 1).time();
    }
  }
}

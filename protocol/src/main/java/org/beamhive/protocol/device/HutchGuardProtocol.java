package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.wire.CborSerializable;

/** What the guards of a hutch's nodes tell each other, so that nothing moves without an owner. */
public final class HutchGuardProtocol {
  private HutchGuardProtocol() {}

  /** All that a guard handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits Report, TakenCareOf, Farewell {}

  /** What a guard is told on its own node. */
  public non-sealed interface Internal extends Command {}

  /**
   * A node is alive. No answer.
   *
   * @param node {@code host:port}
   * @param moving its devices that move
   * @param abandoned devices that moved when this node died the last time and that nobody has taken
   *     care of yet
   * @param epochs the newest epoch that each device has been attached to, as far as the node knows
   * @param guard who tells it
   */
  public record Report(
      String node,
      List<DeviceName> moving,
      List<DeviceName> abandoned,
      Map<String, Long> epochs,
      ActorRef<Request> guard)
      implements Request {
    public Report {
      moving = List.copyOf(moving);
      abandoned = List.copyOf(abandoned);
      epochs = Collections.unmodifiableMap(new TreeMap<>(epochs));
    }
  }

  /** These devices, which moved when a node died, have been stopped or have a worker. No answer. */
  public record TakenCareOf(List<DeviceName> devices) implements Request {
    public TakenCareOf {
      devices = List.copyOf(devices);
    }
  }

  /** A node ends; all its devices are at rest. No answer. */
  public record Farewell(ActorRef<Request> guard) implements Request {}
}

package org.beamhive.devices.type;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.beamhive.devices.signal.DeviceFailure;

/**
 * Who moves what on this node. A motor may belong to several devices: to itself, to a pseudo axis,
 * to a group, or to a second entry of the device file. They are distinct objects with signals of
 * their own, so what is claimed is the hardware: the name of its record. One owner at a time; the
 * next is refused, not queued. What other nodes and other programs do is seen at the record itself.
 */
public final class MotionClaims {
  private final Map<String, String> owners = new ConcurrentHashMap<>();

  /**
   * Moves hardware as its only owner; it is free again when the stage has ended. Fails with {@code
   * busy} if somebody else moves it now, without calling the move.
   *
   * @param hardware what is moved, such as the name of a motor record
   * @param owner the device that moves it, for messages
   */
  public <T> CompletionStage<T> alone(
      String hardware, String owner, Supplier<CompletionStage<T>> move) {
    String other = owners.putIfAbsent(hardware, owner);
    if (other != null) {
      return CompletableFuture.failedStage(
          new DeviceFailure(
              "busy",
              other.equals(owner)
                  ? owner + " is already moving."
                  : "%s can't be moved by %s now: %s is moving it."
                      .formatted(hardware, owner, other)));
    }
    CompletionStage<T> moving;
    try {
      moving = move.get();
    } catch (RuntimeException e) {
      owners.remove(hardware);
      throw e;
    }
    return moving.whenComplete((done, error) -> owners.remove(hardware));
  }
}

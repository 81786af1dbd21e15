package org.beamhive.protocol.bridge;

import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.wire.CborSerializable;

/** What one says to the RedisBridge, which tells programs outside what happens. */
public final class RedisBridgeProtocol {
  private RedisBridgeProtocol() {}

  /** All that the bridge handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable permits FollowRun, Close {}

  /** What the bridge tells itself. */
  public non-sealed interface Internal extends Command {}

  /** Publish the documents of this run. Answered when all of them are published. */
  public record FollowRun(Follow follow) implements Request {}

  /** End, the bridge moves to another node. No answer. */
  public enum Close implements Request {
    CLOSE
  }
}

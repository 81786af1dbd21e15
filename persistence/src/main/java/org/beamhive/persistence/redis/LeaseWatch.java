package org.beamhive.persistence.redis;

import java.time.Duration;
import java.util.Optional;

/**
 * What a contender has seen of a lease, and since when it has not changed. Times are those of the
 * contender's own monotonic clock, in nanoseconds.
 *
 * <p>What was seen counts from the moment when the answer arrived. The holder counts from the
 * moment when it sent its renewal, which is earlier: so it has stopped believing in its lease
 * before the lease may be taken here.
 */
final class LeaseWatch {

  private final String owner;
  private final long timeout;
  private LeaseEntry seen;
  private long since;
  private boolean free;

  /**
   * @param owner for whom the lease is wanted
   * @param timeout after so long without a change the holder has lost it
   */
  LeaseWatch(String owner, Duration timeout) {
    this.owner = owner;
    this.timeout = timeout.toNanos();
  }

  void saw(LeaseEntry entry, long now) {
    if (entry.equals(seen)) {
      return;
    }
    // A lease that is missing or released without its holder having done it has lost its past:
    // Redis was emptied or has gone back to an older state, and the holder may not know yet.
    free = !entry.hasOwner() && (seen == null || entry.follows(seen));
    seen = entry;
    since = now;
  }

  /** The entry in whose place an own one may be put, if there is one. */
  Optional<LeaseEntry> takeable(long now) {
    return seen != null && (free || seen.owner().equals(owner) || now - since >= timeout)
        ? Optional.of(seen)
        : Optional.empty();
  }

  /** Who had it when it was last seen. */
  Optional<String> seenOwner() {
    return Optional.ofNullable(seen).filter(LeaseEntry::hasOwner).map(LeaseEntry::owner);
  }

  /** How long it still takes until it may be taken if it doesn't change, in nanoseconds. */
  long remaining(long now) {
    return Math.max(0, since + timeout - now);
  }
}

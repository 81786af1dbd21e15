package org.beamhive.persistence.redis;

import static org.beamhive.persistence.redis.StreamEntry.text;

import java.util.List;

/**
 * A lease as it lies in Redis. No two writes leave the same holder and version there, so two equal
 * entries mean that nobody wrote in between.
 *
 * @param owner who has it, as Akka names the owner; empty if it was released
 * @param holder which {@link LeaseKeeper} wrote it last; empty if there is no lease
 * @param version the number of that write among all of this holder's, from 1 on
 */
record LeaseEntry(String owner, String holder, long version) {

  /** Never taken, or gone with everything else when Redis was emptied. */
  static final LeaseEntry MISSING = new LeaseEntry("", "", 0);

  /** As the scripts answer it. */
  static LeaseEntry of(List<?> answer) {
    return answer.isEmpty() || answer.get(1) == null
        ? MISSING
        : new LeaseEntry(
            text((byte[]) answer.get(0)),
            text((byte[]) answer.get(1)),
            Long.parseLong(text((byte[]) answer.get(2))));
  }

  boolean isMissing() {
    return holder.isEmpty();
  }

  boolean hasOwner() {
    return !owner.isEmpty();
  }

  /** Whether it was written by the same holder, later. */
  boolean follows(LeaseEntry earlier) {
    return holder.equals(earlier.holder) && version > earlier.version;
  }
}

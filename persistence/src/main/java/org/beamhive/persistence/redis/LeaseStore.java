package org.beamhive.persistence.redis;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * One lease in Redis. Every call answers with the lease as it is afterwards, or fails after the
 * given time at the latest; it may still be done after that, and it may be done twice.
 */
interface LeaseStore {

  /** Reads. */
  CompletionStage<LeaseEntry> look(Duration within);

  /** Puts an own entry in the place of what was seen, if that is still there. */
  CompletionStage<LeaseEntry> take(LeaseEntry own, LeaseEntry seen, Duration within);

  /** Puts a newer entry in the place of an older one of the same holder, or where there is none. */
  CompletionStage<LeaseEntry> renew(LeaseEntry own, Duration within);

  /** Makes it nobody's if it is this holder's, with the version of the entry. */
  CompletionStage<LeaseEntry> release(LeaseEntry own, Duration within);
}

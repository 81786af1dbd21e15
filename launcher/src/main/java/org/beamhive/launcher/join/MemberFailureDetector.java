package org.beamhive.launcher.join;

import akka.event.EventStream;
import akka.remote.PhiAccrualFailureDetector;
import com.typesafe.config.Config;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Akka's failure detector, which besides believes {@link ProcessWatch}: a process that has died is
 * not there any more, however short ago its last heart-beat was. Made by Akka, one for each member.
 */
public final class MemberFailureDetector extends PhiAccrualFailureDetector {
  // Akka gives its detectors no other way to be told something; an address is one of this machine's
  // network
  private static final Set<String> DEAD = ConcurrentHashMap.newKeySet();

  /** As Akka calls it. */
  public MemberFailureDetector(Config config, EventStream events) {
    super(config, events);
  }

  /** The process at an address, as {@code akka://beamhive@host:port}, has died. */
  static void died(String address) {
    DEAD.add(address);
  }

  /** The member is removed: whoever comes up at its address is another one. */
  static void removed(String address) {
    DEAD.remove(address);
  }

  @Override
  public boolean isAvailable() {
    return !DEAD.contains(address()) && super.isAvailable();
  }
}

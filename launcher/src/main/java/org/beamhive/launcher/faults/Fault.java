package org.beamhive.launcher.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.beamhive.launcher.beamline.Signals;

/**
 * Something that goes wrong, and after a while is in order again.
 *
 * @param kind what happens
 * @param whom it happens to: a node, {@code redis}, {@code ioc}; for a cut, the one side
 * @param others the other side of a cut
 * @param lasts until it is put in order
 */
public record Fault(Kind kind, Set<String> whom, Set<String> others, Duration lasts) {
  private static final String IOC = "ioc";

  /** What can happen. */
  public enum Kind {
    /** kill -9; started again when the time is over. */
    KILL,
    /** SIGSTOP, and SIGCONT when the time is over. */
    FREEZE,
    /** No packet goes between two groups. */
    CUT,
    /** SIGTERM; started again when the time is over. */
    LEAVE
  }

  public Fault {
    whom = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(whom));
    others = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(others));
  }

  /** A fault of one node, of Redis or of the IOC. */
  public static Fault of(Kind kind, String whom, Duration lasts) {
    return new Fault(kind, Set.of(whom), Set.of(), lasts);
  }

  /** A cut between two groups of nodes; Redis may be in one of them. */
  public static Fault cut(Set<String> one, Set<String> other, Duration lasts) {
    return new Fault(Kind.CUT, one, other, lasts);
  }

  /** Any fault of a beamline with these nodes. */
  public static Fault random(Random random, List<String> nodes) {
    List<String> targets = new ArrayList<>(nodes);
    targets.add(BeamlineUnderTest.REDIS);
    targets.add(IOC);
    String target = targets.get(random.nextInt(targets.size()));
    return switch (Kind.values()[random.nextInt(Kind.values().length)]) {
      case KILL -> of(Kind.KILL, target, Duration.ofMillis(random.nextInt(6000)));
      case FREEZE -> of(Kind.FREEZE, target, Duration.ofMillis(1000 + random.nextInt(29_000)));
      case CUT -> randomCut(random, nodes);
      case LEAVE ->
          of(
              Kind.LEAVE,
              nodes.get(random.nextInt(nodes.size())),
              Duration.ofMillis(random.nextInt(3000)));
    };
  }

  private static Fault randomCut(Random random, List<String> nodes) {
    List<String> mixed = new ArrayList<>(nodes);
    java.util.Collections.shuffle(mixed, random);
    int size = 1 + random.nextInt(mixed.size() - 1);
    Set<String> one = new LinkedHashSet<>(mixed.subList(0, size));
    Set<String> other = new LinkedHashSet<>(mixed.subList(size, mixed.size()));
    // now and then one side loses Redis, too
    if (random.nextInt(3) == 0) {
      other.add(BeamlineUnderTest.REDIS);
    }
    return cut(one, other, Duration.ofMillis(1000 + random.nextInt(24_000)));
  }

  /** Does it. */
  public void begin(BeamlineUnderTest beamline) {
    switch (kind) {
      case KILL -> {
        if (isRedis()) {
          beamline.killRedis();
        } else if (isIoc()) {
          beamline.killIoc();
        } else {
          whom.forEach(beamline::kill);
        }
      }
      case FREEZE -> {
        if (isRedis()) {
          Signals.send("STOP", beamline.redisProcess().pid());
        } else if (isIoc()) {
          beamline.ioc().freeze();
        } else {
          whom.forEach(node -> beamline.process(node).freeze());
        }
      }
      case CUT -> beamline.cut(whom, others);
      default -> whom.forEach(beamline::leave);
    }
  }

  /** Puts it in order again. */
  public void end(BeamlineUnderTest beamline) {
    switch (kind) {
      case KILL, LEAVE -> {
        if (isIoc()) {
          beamline.startIoc();
        } else if (!isRedis()) {
          whom.forEach(beamline::begin);
        }
      }
      case FREEZE -> {
        if (isRedis()) {
          Signals.send("CONT", beamline.redisProcess().pid());
        } else if (isIoc()) {
          beamline.ioc().resume();
        } else {
          whom.forEach(node -> beamline.process(node).resume());
        }
      }
      default -> beamline.mend();
    }
  }

  private boolean isRedis() {
    return whom.equals(Set.of(BeamlineUnderTest.REDIS));
  }

  private boolean isIoc() {
    return whom.equals(Set.of(IOC));
  }

  @Override
  public String toString() {
    String seconds = "%.1f s".formatted(lasts.toMillis() / 1000.0);
    return switch (kind) {
      case KILL -> "kill -9 of " + whom + ", back after " + seconds;
      case FREEZE -> "freeze of " + whom + " for " + seconds;
      case CUT -> "cut between " + whom + " and " + others + " for " + seconds;
      default -> "end of " + whom + ", back after " + seconds;
    };
  }
}

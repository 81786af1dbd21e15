package org.beamhive.launcher.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** How long something took that was done many times. */
final class Latency {
  private final long[] sortedNanos;

  private Latency(LongStream nanos) {
    this.sortedNanos = nanos.sorted().toArray();
  }

  static Latency ofNanos(long[] nanos) {
    return new Latency(Arrays.stream(nanos));
  }

  /** All of them as one. */
  static Latency of(List<Latency> parts) {
    return new Latency(parts.stream().flatMapToLong(part -> Arrays.stream(part.sortedNanos)));
  }

  double medianMicros() {
    return sortedNanos[sortedNanos.length / 2] / 1e3;
  }

  double p99Micros() {
    return sortedNanos[(int) (sortedNanos.length * 0.99)] / 1e3;
  }
}

package org.beamhive.devices.backend.sim;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Value;

/**
 * The simulated signals of one node, by name. Simulated devices of the same node see each other
 * through it, as real ones do through the sample. It outlives the devices: one that is started
 * again is where it was.
 */
public final class SimNamespace implements SignalBackend {
  private final Map<String, SimPv> pvs = new ConcurrentHashMap<>();
  private final SimClock clock;

  /** An empty name space. */
  public SimNamespace(SimClock clock) {
    this.clock = clock;
  }

  /** Its time. */
  public SimClock clock() {
    return clock;
  }

  /** The signal of this name; the number 0 if nobody has defined it. */
  public SimPv pv(String name) {
    return pvs.computeIfAbsent(name, key -> new SimPv(key, clock));
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    SimPv pv = pv(name);
    pv.add(listener);
    return new SimLink(pv, listener);
  }

  private record SimLink(SimPv pv, Listener listener) implements Link {
    @Override
    public CompletionStage<SignalValue> get(Duration timeout) {
      return pv.connected() ? CompletableFuture.completedFuture(pv.value()) : gone();
    }

    @Override
    public CompletionStage<Void> put(Value value, Duration timeout) {
      if (!pv.connected()) {
        return gone();
      }
      pv.post(value);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> send(Value value, Duration timeout) {
      return put(value, timeout);
    }

    @Override
    public void close() {
      pv.remove(listener);
    }

    private <T> CompletionStage<T> gone() {
      return CompletableFuture.failedFuture(
          new DeviceFailure("disconnected", pv.name() + " is not connected."));
    }
  }
}

package org.beamhive.devices.backend.sim;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/** One simulated signal: whoever opens it sees what is posted to it. */
public final class SimPv {
  private final String name;
  private final SimClock clock;
  private final List<SignalBackend.Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile SignalMeta meta;
  private volatile SignalValue value;
  private volatile boolean posted;
  private boolean connected = true;

  SimPv(String name, SimClock clock) {
    this.name = name;
    this.clock = clock;
    this.meta = SignalMeta.number("SIM:" + name, "", 3, Limits.NONE);
    this.value = SignalValue.of(Value.of(0.0), clock.seconds());
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Says what it is; to be done before it is opened. */
  public SimPv describe(SignalMeta what) {
    meta = what;
    return this;
  }

  /** What it is. */
  public SignalMeta meta() {
    return meta;
  }

  /** Its value. */
  public SignalValue value() {
    return value;
  }

  /** Sets it unless it has been set before: a device that is started again is where it was. */
  public SimPv initial(Value first) {
    if (!posted) {
      post(first);
    }
    return this;
  }

  /** Sets it, as of now. */
  public void post(Value next) {
    post(SignalValue.of(next, clock.seconds()));
  }

  /** Sets it, alarm and time stamp included. */
  public void post(SignalValue next) {
    value = next;
    posted = true;
    for (SignalBackend.Listener listener : listeners) {
      listener.changed(next);
    }
  }

  /** Cuts the line, or mends it: for tests of what happens then. */
  public synchronized void connect(boolean on) {
    if (connected == on) {
      return;
    }
    connected = on;
    for (SignalBackend.Listener listener : listeners) {
      if (on) {
        greet(listener);
      } else {
        listener.disconnected();
      }
    }
  }

  synchronized boolean connected() {
    return connected;
  }

  synchronized void add(SignalBackend.Listener listener) {
    listeners.add(listener);
    if (connected) {
      greet(listener);
    }
  }

  void remove(SignalBackend.Listener listener) {
    listeners.remove(listener);
  }

  private void greet(SignalBackend.Listener listener) {
    listener.connected(meta);
    listener.changed(value);
  }
}

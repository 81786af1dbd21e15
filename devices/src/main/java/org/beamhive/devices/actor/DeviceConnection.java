package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Command;

/** Connects a device, again and again for ever, and knows whether it is connected. */
final class DeviceConnection {
  /** All signals of the device are connected. */
  enum SignalsConnected implements DeviceProtocol.Internal {
    SIGNALS_CONNECTED
  }

  /** A signal of the device has gone. */
  record SignalsLost(String problem) implements DeviceProtocol.Internal {}

  /** It is time to connect again. */
  enum ConnectAgain implements DeviceProtocol.Internal {
    CONNECT_AGAIN
  }

  /** A try to connect has ended. */
  record ConnectEnded(long attempt, Throwable error) implements DeviceProtocol.Internal {}

  private final DeviceParts parts;
  private long attempt;
  private boolean trying;
  private int failures;
  private boolean connected;
  private String problem = "";

  DeviceConnection(DeviceParts parts) {
    this.parts = parts;
  }

  boolean isConnected() {
    return connected;
  }

  /** Why it is not connected; empty if it is. */
  String problem() {
    return problem;
  }

  /** Could not even be made from its configuration. */
  boolean isUnmade() {
    return parts.device() instanceof UnmadeDevice;
  }

  /** Opens the device and connects it for the first time. */
  void open() {
    parts.device().open(news(parts.self()));
    problem = parts.name() + " is connecting.";
    connect();
  }

  /** What the device tells, on any thread, comes as messages. */
  private static DeviceListener news(ActorRef<Command> self) {
    return new DeviceListener() {
      @Override
      public void connected() {
        self.tell(SignalsConnected.SIGNALS_CONNECTED);
      }

      @Override
      public void disconnected(String why) {
        self.tell(new SignalsLost(why));
      }

      @Override
      public void factsChanged() {
        self.tell(DeviceReports.FactsChanged.FACTS_CHANGED);
      }

      @Override
      public void readingsChanged() {
        self.tell(DeviceFollowers.ReadingsChanged.READINGS_CHANGED);
      }
    };
  }

  void connect() {
    trying = true;
    attempt = parts.numbers().getAsLong();
    long current = attempt;
    parts.timers().cancel(ConnectAgain.CONNECT_AGAIN);
    // not before the limits are known that have been set for it
    parts
        .context()
        .pipeToSelf(
            parts.outcomeOf(
                () -> parts.device().connect().thenCompose(done -> parts.watch().limits().known())),
            (outcome, error) -> new ConnectEnded(current, outcome.error()));
  }

  /** A try under way may have seen the lost signals before: it must not end well without them. */
  void lostWhileConnecting() {
    if (trying) {
      connect();
    }
  }

  /** A try under way sees the signals by itself. */
  void signalsConnected() {
    if (!trying) {
      connect();
    }
  }

  /**
   * A try has ended. One that has failed is followed by another.
   *
   * @return whether the device is connected from now on
   */
  boolean ended(ConnectEnded ended) {
    if (ended.attempt() != attempt) {
      return false;
    }
    trying = false;
    if (ended.error() != null) {
      failed(ended.error());
      return false;
    }
    failures = 0;
    parts.log().info("{}: connecting -> ready", parts.name());
    changeTo(true, "");
    return true;
  }

  private void failed(Throwable error) {
    failures++;
    String why = DeviceFailure.refusalOf(parts.name().value(), error).text();
    if (!why.equals(problem)) {
      parts.log().warn("{}: {} Tried again.", parts.name(), why);
    }
    changeTo(false, why);
    DevicesSettings.BackOff reconnect = parts.settings().reconnect();
    // what could not be made is made once more, perhaps only something around it was wrong
    Duration wait = isUnmade() ? reconnect.max() : reconnect.before(failures);
    parts.timers().startSingleTimer(ConnectAgain.CONNECT_AGAIN, wait);
  }

  void lost(String why) {
    changeTo(false, why);
  }

  private void changeTo(boolean isConnected, String why) {
    connected = isConnected;
    problem = why;
    parts.reportSoon();
  }
}

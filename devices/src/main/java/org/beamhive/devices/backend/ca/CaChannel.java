package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJChannel;
import com.cosylab.epics.caj.impl.CATransport;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.Channel;
import gov.aps.jca.Monitor;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One PV. Its threads: the library is asked to create, subscribe and destroy on the control thread
 * only, to get and put on the io thread only; the library calls back on threads of its own.
 */
final class CaChannel implements SignalBackend.Link {
  private static final Logger LOG = LoggerFactory.getLogger(CaChannel.class);

  /** Channels of another priority get a circuit of their own, which a busy record can't block. */
  private static final short URGENT = 50;

  private static final short NORMAL = 0;

  private final CaLink link;
  private final String name;
  private final SignalOptions options;
  private final SignalBackend.Listener listener;
  private final CaPuts puts;
  private final Set<CaRequest<?>> requests = ConcurrentHashMap.newKeySet();
  private volatile CAJChannel channel;
  private volatile boolean closed;

  /** What is known of the PV; null while it is not connected. */
  private volatile Known known;

  // told in the order in which it happens, by whichever thread; the library is not called meanwhile
  private final Object telling = new Object();
  private int connection;
  private Follower values;

  // control thread, but parked where the library says that the connection is lost
  private volatile CaMonitor valueMonitor;
  private volatile CaMonitor propertyMonitor;
  private Dbr.Shape followed;
  private CATransport mute;
  private long muteSince;

  /**
   * @param unreadable why values can't be read, or null if they can
   */
  private record Known(SignalMeta meta, Dbr.Shape shape, DeviceFailure unreadable) {}

  /** A subscription's way to the listener. */
  private final class Follower {
    private final Dbr.Shape shape;
    private SignalValue held;

    Follower(Dbr.Shape shape) {
      this.shape = shape;
    }

    void event(DBR dbr) {
      SignalValue value = Dbr.value(dbr, shape);
      synchronized (telling) {
        if (values != this) {
          // of the type that the record had before
          return;
        }
        if (known == null) {
          held = value;
        } else {
          listener.changed(value);
        }
      }
    }

    void release() {
      if (held != null) {
        listener.changed(held);
        held = null;
      }
    }
  }

  CaChannel(CaLink link, String name, SignalOptions options, SignalBackend.Listener listener) {
    this.link = link;
    this.name = name;
    this.options = options;
    this.listener = listener;
    this.puts = new CaPuts(link, name);
  }

  /** On the control thread. */
  void create() {
    if (closed) {
      return;
    }
    try {
      CAJChannel made =
          (CAJChannel)
              link.context()
                  .createChannel(
                      name,
                      event -> connectionChanged(event.isConnected()),
                      options.urgent() ? URGENT : NORMAL);
      channel = made;
      made.addAccessRightsListener(event -> link.control(this::accessChanged));
    } catch (CAException | RuntimeException e) {
      LOG.error("{} can't be searched for: {}", name, e.toString());
    }
  }

  /**
   * The library waits for ever for an IOC that has taken a connection and says nothing on it. On
   * the control thread, now and then.
   */
  void checkAnswers(long patienceNanos) {
    CATransport circuit = known != null || channel == null ? null : channel.getTransport();
    if (circuit == null || circuit != mute) {
      mute = circuit;
      muteSince = System.nanoTime();
    } else if (System.nanoTime() - muteSince > patienceNanos) {
      mute = null;
      LOG.warn(
          "{}: {} is connected but does not answer; it is searched anew",
          name,
          circuit.getRemoteAddress());
      circuit.close(true);
    }
  }

  /** Whether it is connected and has been announced as such. */
  boolean connected() {
    return known != null;
  }

  /** On a thread of the library that holds the channel's lock: hand over and return. */
  private void connectionChanged(boolean connected) {
    synchronized (telling) {
      connection++;
      if (connected) {
        int current = connection;
        link.control(() -> learn(current));
        return;
      }
      park();
      failAll("disconnected", name + " has lost its connection.");
      link.io(puts::check);
      if (values != null) {
        values.held = null;
      }
      if (known != null) {
        known = null;
        if (!closed) {
          listener.disconnected();
        }
      }
    }
  }

  private void park() {
    if (valueMonitor != null) {
      valueMonitor.park();
    }
    if (propertyMonitor != null) {
      propertyMonitor.park();
    }
  }

  private int connection() {
    synchronized (telling) {
      return connection;
    }
  }

  private void accessChanged() {
    if (known != null) {
      learn(connection());
    }
  }

  /** Asks what the PV is, which may have changed since the last connect. On the control thread. */
  private void learn(int current) {
    try {
      Dbr.Shape shape = Dbr.Shape.of(channel.getFieldType(), channel.getElementCount(), text());
      boolean writable = channel.getWriteAccess();
      if (channel.getReadAccess()) {
        channel.get(
            Dbr.controlType(shape.type()),
            1,
            event -> {
              DBR control = event.getStatus() == CAStatus.NORMAL ? event.getDBR() : null;
              link.control(() -> announce(current, shape, true, writable, control));
            });
      } else {
        announce(current, shape, false, writable, null);
      }
    } catch (CAException | IllegalStateException gone) {
      LOG.debug("{} has gone again: {}", name, gone.toString());
    }
  }

  private boolean text() {
    return options.text() || name.endsWith("$");
  }

  private void announce(
      int current, Dbr.Shape shape, boolean readable, boolean writable, DBR control) {
    SignalMeta meta = Dbr.meta(name, shape, writable, control);
    DeviceFailure unreadable = readable ? tooLarge(shape) : noReadAccess();
    synchronized (telling) {
      if (current != connection || closed) {
        return;
      }
      Known before = known;
      known = new Known(meta, shape, unreadable);
      if (before == null) {
        listener.connected(meta);
        if (values != null && values.shape.equals(shape)) {
          values.release();
        }
      } else if (!before.meta().equals(meta)) {
        listener.described(meta);
      }
    }
    if (!options.urgent()) {
      follow(current, unreadable == null ? shape : null);
    }
    link.io(puts::check);
  }

  /** A larger answer would make the library drop the circuit of all PVs of the IOC, for ever. */
  private DeviceFailure tooLarge(Dbr.Shape shape) {
    long limit = link.settings().maxArrayBytes();
    if (shape.bytes() <= limit) {
      return null;
    }
    DeviceFailure failure =
        new DeviceFailure(
            "array-too-large",
            "%s has up to %s elements, %s bytes, but beamhive.devices.channel-access.max-array-bytes is %s."
                .formatted(name, shape.count(), shape.bytes(), limit));
    LOG.warn("{}", failure.getMessage());
    return failure;
  }

  private DeviceFailure noReadAccess() {
    return new DeviceFailure("no-read-access", name + " does not allow reading.");
  }

  /** Subscribes to what is wanted; what was subscribed before the connection was lost goes on. */
  private void follow(int current, Dbr.Shape shape) {
    try {
      if (followed != null && !followed.equals(shape)) {
        unfollow();
      }
      if (shape == null) {
        return;
      }
      followed = shape;
      if (options.monitored()) {
        followValues(shape);
      }
      if (propertyMonitor != null) {
        propertyMonitor.resume();
      } else if (shape.described()) {
        propertyMonitor =
            monitor(Dbr.controlType(shape.type()), 1, Monitor.PROPERTY, this::propertyChanged);
      }
    } catch (CAException | RuntimeException gone) {
      LOG.debug("{} has gone again: {}", name, gone.toString());
    }
    if (current != connection()) {
      // it has gone while we subscribed
      park();
    }
  }

  private CaMonitor monitor(DBRType type, int count, int mask, Consumer<DBR> to)
      throws CAException {
    return CaMonitor.on(
        link.context(),
        channel,
        type,
        count,
        mask,
        event -> {
          if (event.getStatus() == CAStatus.NORMAL && event.getDBR() != null) {
            to.accept(event.getDBR());
          }
        });
  }

  private void followValues(Dbr.Shape shape) throws CAException {
    if (valueMonitor == null) {
      Follower follower = new Follower(shape);
      synchronized (telling) {
        values = follower;
      }
      valueMonitor =
          monitor(
              shape.timeType(), shape.askedCount(), Monitor.VALUE | Monitor.ALARM, follower::event);
    } else if (!valueMonitor.resume()) {
      // an IOC that was only frozen doesn't tell its values again by itself
      Follower follower = values;
      channel.get(
          shape.timeType(),
          shape.askedCount(),
          event -> {
            if (event.getStatus() == CAStatus.NORMAL && event.getDBR() != null) {
              follower.event(event.getDBR());
            }
          });
    }
  }

  private void unfollow() throws CAException {
    synchronized (telling) {
      values = null;
    }
    followed = null;
    for (CaMonitor monitor : new CaMonitor[] {valueMonitor, propertyMonitor}) {
      if (monitor != null) {
        monitor.clear();
      }
    }
    valueMonitor = null;
    propertyMonitor = null;
  }

  private void propertyChanged(DBR control) {
    int current = connection();
    link.control(
        () -> {
          Known now = known;
          if (now != null && now.shape().equals(followed)) {
            announce(
                current, now.shape(), now.unreadable() == null, now.meta().writable(), control);
          }
        });
  }

  @Override
  public CompletionStage<SignalValue> get(Duration timeout) {
    CaRequest<SignalValue> request =
        new CaRequest<>(link, requests, timeout, () -> "Reading " + name + " was not answered");
    link.io(() -> get(request));
    return request.promise();
  }

  private void get(CaRequest<SignalValue> request) {
    Known now = known;
    if (now == null || now.unreadable() != null) {
      request.fail(now == null ? disconnected() : now.unreadable());
      return;
    }
    Dbr.Shape shape = now.shape();
    try {
      channel.get(
          shape.timeType(),
          shape.askedCount(),
          event -> {
            if (event.getStatus() == CAStatus.NORMAL && event.getDBR() != null) {
              request.succeed(Dbr.value(event.getDBR(), shape));
            } else {
              request.fail(name, "get-failed", event.getStatus());
            }
          });
    } catch (IllegalStateException gone) {
      request.fail(disconnected());
    } catch (CAException | RuntimeException e) {
      request.fail("device-error", name + " can't be read: " + e.getMessage());
    }
  }

  @Override
  public CompletionStage<Void> put(Value value, Duration timeout) {
    return write(value, data -> puts.put(channel, data, timeout, requests));
  }

  @Override
  public CompletionStage<Void> send(Value value, Duration timeout) {
    return write(value, data -> puts.send(channel, data, timeout, requests));
  }

  private CompletionStage<Void> write(Value value, Function<PutData, CaRequest<Void>> how) {
    Known now = known;
    if (now == null) {
      return CompletableFuture.failedFuture(disconnected());
    }
    try {
      return how.apply(PutData.of(name, now.meta(), now.shape(), value)).promise();
    } catch (DeviceFailure refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private DeviceFailure disconnected() {
    return new DeviceFailure("disconnected", name + " is not connected.");
  }

  @Override
  public void close() {
    closed = true;
    link.closed(this);
    link.controlAlone(this::destroy);
    link.io(puts::forget);
    failAll("closed", name + " has been closed.");
  }

  private void destroy() {
    try {
      if (channel == null || channel.getConnectionState() == Channel.CLOSED) {
        return;
      }
      if (channel.getConnectionState() == Channel.CONNECTED) {
        synchronized (link.sending()) {
          channel.destroy();
        }
      } else {
        // may wait for an IOC that is just being connected to; others are not to wait for that
        channel.destroy();
      }
    } catch (CAException | IllegalStateException e) {
      LOG.debug("{} was closed already: {}", name, e.toString());
    }
  }

  /** Channel Access is closed: nothing is answered any more. */
  void failAll() {
    failAll("closed", "Channel Access has been closed: " + name + " can't be reached.");
  }

  private void failAll(String code, String text) {
    requests.forEach(request -> request.fail(code, text));
  }
}

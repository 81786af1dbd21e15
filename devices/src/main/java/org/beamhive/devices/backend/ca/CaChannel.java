package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJChannel;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.Channel;
import gov.aps.jca.Monitor;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
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
  private final Set<CaRequest<?>> requests = ConcurrentHashMap.newKeySet();
  private volatile CAJChannel channel;

  // told in the order in which it happens, by whichever thread
  private final Object telling = new Object();
  private int connection;
  private volatile boolean told;
  private boolean closed;

  // control thread
  private Monitor monitor;
  private DBRType monitorType;
  private int monitorCount;

  // io thread
  private final ArrayDeque<Put> putsWaiting = new ArrayDeque<>();
  private Put putInFlight;

  /** A put with completion; its mark is touched on the io thread only. */
  private static final class Put {
    private final CaRequest<Void> request;
    private final Dbr.Data data;
    private final String host;
    private boolean sent;

    Put(CaRequest<Void> request, Dbr.Data data, String host) {
      this.request = request;
      this.data = data;
      this.host = host;
    }
  }

  CaChannel(CaLink link, String name, SignalOptions options, SignalBackend.Listener listener) {
    this.link = link;
    this.name = name;
    this.options = options;
    this.listener = listener;
  }

  /** On the control thread. */
  void create() {
    try {
      channel =
          (CAJChannel)
              link.context()
                  .createChannel(
                      name,
                      event -> connectionChanged(event.isConnected()),
                      options.urgent() ? URGENT : NORMAL);
      link.flush();
    } catch (CAException | RuntimeException e) {
      LOG.error("{} can't be searched for: {}", name, e.toString());
    }
  }

  /** Whether it is connected and has been announced as such. */
  boolean connected() {
    return told;
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
      requests.forEach(request -> request.fail("disconnected", name + " has lost its connection."));
      link.io(this::forgetPuts);
      if (told && !closed) {
        told = false;
        listener.disconnected();
      }
    }
  }

  /** Asks what the PV is, which may have changed since the last connect. On the control thread. */
  private void learn(int current) {
    try {
      DBRType type = channel.getFieldType();
      int count = channel.getElementCount();
      boolean writable = channel.getWriteAccess();
      channel.get(
          Dbr.controlType(type),
          1,
          event -> {
            DBR control = event.getStatus() == CAStatus.NORMAL ? event.getDBR() : null;
            SignalMeta meta = Dbr.meta(name, type, count, writable, control);
            link.control(() -> announce(current, meta, type));
          });
      link.flush();
    } catch (CAException | IllegalStateException gone) {
      LOG.debug("{} has gone again: {}", name, gone.toString());
    }
  }

  private void announce(int current, SignalMeta meta, DBRType type) {
    synchronized (telling) {
      if (current != connection || closed) {
        return;
      }
      told = true;
      listener.connected(meta);
    }
    if (options.monitored()) {
      subscribe(Dbr.timeType(type), meta.count() > 1 ? 0 : 1);
    }
  }

  /** The library subscribes again by itself, but with the old type and count. */
  private void subscribe(DBRType type, int count) {
    try {
      if (monitor != null && (type != monitorType || count != monitorCount)) {
        monitor.clear();
        monitor = null;
      }
      if (monitor == null) {
        monitorType = type;
        monitorCount = count;
        monitor =
            channel.addMonitor(
                type,
                count,
                Monitor.VALUE | Monitor.ALARM,
                event -> {
                  if (event.getStatus() == CAStatus.NORMAL && event.getDBR() != null) {
                    listener.changed(Dbr.value(event.getDBR(), count != 1));
                  }
                });
        link.flush();
      }
    } catch (CAException | IllegalStateException gone) {
      LOG.debug("{} has gone again: {}", name, gone.toString());
    }
  }

  @Override
  public CompletionStage<SignalValue> get(Duration timeout) {
    CaRequest<SignalValue> request =
        new CaRequest<>(requests, link.timers(), timeout, "Reading " + name);
    link.io(() -> get(request));
    return request.promise();
  }

  private void get(CaRequest<SignalValue> request) {
    try {
      boolean array = channel.getElementCount() > 1;
      channel.get(
          Dbr.timeType(channel.getFieldType()),
          array ? 0 : 1,
          event -> {
            if (event.getStatus() == CAStatus.NORMAL) {
              request.succeed(Dbr.value(event.getDBR(), array));
            } else {
              request.fail("get-failed", name + ": " + event.getStatus().getMessage() + ".");
            }
          });
    } catch (CAException | RuntimeException e) {
      request.fail(failure("read", e));
    }
  }

  @Override
  public CompletionStage<Void> put(Value value, Duration timeout) {
    CaRequest<Void> request = new CaRequest<>(requests, link.timers(), timeout, "Writing " + name);
    link.io(
        () -> {
          try {
            Dbr.Data data = Dbr.data(name, value);
            begin(new Put(request, data, channel == null ? "" : channel.getHostName()));
          } catch (DeviceFailure refused) {
            request.fail(refused);
          } catch (RuntimeException gone) {
            // the circuit may break at any moment: whoever waits is told at once
            request.fail(failure("written", gone));
          }
        });
    return request.promise();
  }

  /** A second put with completion while one is under way would block the whole circuit. */
  private void begin(Put put) {
    if (putInFlight != null) {
      putsWaiting.add(put);
      return;
    }
    putInFlight = put;
    link.gate().enter(put.host, () -> send(put));
  }

  private void send(Put put) {
    if (put.request.ended()) {
      ended(put);
      return;
    }
    try {
      put.sent = true;
      channel.put(
          put.data.type(),
          put.data.count(),
          put.data.array(),
          event -> {
            CAStatus status = event.getStatus();
            if (status == CAStatus.NORMAL) {
              put.request.succeed(null);
            } else {
              put.request.fail("put-failed", name + ": " + status.getMessage() + ".");
            }
            link.io(() -> ended(put));
          });
    } catch (CAException | RuntimeException e) {
      put.request.fail(failure("written", e));
      ended(put);
    }
  }

  private void ended(Put put) {
    if (putInFlight == put) {
      putInFlight = null;
      link.gate().leave(put.host);
      if (!putsWaiting.isEmpty()) {
        begin(putsWaiting.poll());
      }
    }
  }

  /** The completion of a put doesn't come any more when the circuit has broken. */
  private void forgetPuts() {
    if (putInFlight != null && putInFlight.sent) {
      ended(putInFlight);
    }
  }

  @Override
  public void close() {
    synchronized (telling) {
      closed = true;
    }
    link.closed(this);
    link.control(
        () -> {
          try {
            if (channel != null && channel.getConnectionState() != Channel.CLOSED) {
              channel.destroy();
              link.flush();
            }
          } catch (CAException | IllegalStateException e) {
            LOG.debug("{} was closed already: {}", name, e.toString());
          }
        });
    requests.forEach(request -> request.fail("closed", name + " has been closed."));
  }

  private DeviceFailure failure(String what, Exception e) {
    return e instanceof IllegalStateException || e instanceof NullPointerException
        ? new DeviceFailure("disconnected", name + " is not connected.")
        : new DeviceFailure("device-error", name + " can't be " + what + ": " + e.getMessage());
  }
}

package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.DBRType;
import java.lang.reflect.Array;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * Signals straight from the records, without a network. Whatever a client would get from the
 * network comes as a task of the records' clock, in order, so that nobody is called with a record's
 * lock held.
 */
final class DirectBackend implements SignalBackend {
  private static final Duration RECONNECT = Duration.ofMillis(100);

  private final IocRecords records;
  private final Set<DirectLink> links = ConcurrentHashMap.newKeySet();

  DirectBackend(IocRecords records) {
    this.records = records;
    records.onDrop(() -> links.forEach(DirectLink::drop));
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    DirectLink link = new DirectLink(name, records.find(name), options, listener);
    links.add(link);
    link.connect(Duration.ZERO);
    return link;
  }

  private final class DirectLink implements Link {
    private final String name;
    private final ServedPv pv;
    private final SignalOptions options;
    private final Listener listener;
    private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
    private final Consumer<ServedPv.Snapshot> watcher = this::changed;
    private volatile boolean connected;
    private volatile boolean closed;

    /**
     * @param pv null if there is none: it never connects then
     */
    DirectLink(String name, ServedPv pv, SignalOptions options, Listener listener) {
      this.name = name;
      this.pv = pv;
      this.options = options;
      this.listener = listener;
    }

    void connect(Duration after) {
      if (pv != null) {
        records.clock().schedule(after, this::up);
      }
    }

    private void up() {
      if (closed) {
        return;
      }
      connected = true;
      listener.connected(meta());
      if (options.monitored()) {
        listener.changed(value(pv, pv.snapshot()));
        pv.watch(watcher);
      }
    }

    void drop() {
      records
          .clock()
          .schedule(
              Duration.ZERO,
              () -> {
                if (connected && !closed) {
                  connected = false;
                  pv.unwatch(watcher);
                  failAll();
                  listener.disconnected();
                  connect(RECONNECT);
                }
              });
    }

    private void changed(ServedPv.Snapshot seen) {
      records
          .clock()
          .schedule(
              Duration.ZERO,
              () -> {
                if (connected && !closed) {
                  listener.changed(value(pv, seen));
                }
              });
    }

    @Override
    public CompletionStage<SignalValue> get(Duration timeout) {
      CompletableFuture<SignalValue> answer = request(timeout);
      if (!answer.isDone()) {
        pv.answer(
            () -> {
              SignalValue now = value(pv, pv.snapshot());
              records.clock().schedule(Duration.ZERO, () -> end(answer, now));
            });
      }
      return answer;
    }

    @Override
    public CompletionStage<Void> put(Value value, Duration timeout) {
      return request(value, timeout, this::put);
    }

    @Override
    public CompletionStage<Void> send(Value value, Duration timeout) {
      return request(
          value,
          timeout,
          (array, answer) -> {
            // as over the network, where nobody is told that it was not taken
            pv.put(array, null);
            end(answer, (Void) null);
          });
    }

    private CompletionStage<Void> request(
        Value value, Duration timeout, BiConsumer<Object, CompletableFuture<Void>> put) {
      CompletableFuture<Void> answer = request(timeout);
      if (answer.isDone()) {
        return answer;
      }
      if (!pv.writable()) {
        end(answer, new DeviceFailure("no-write-access", name + " does not allow writing."));
        return answer;
      }
      Object array;
      try {
        array = array(value);
      } catch (DeviceFailure wrong) {
        end(answer, wrong);
        return answer;
      }
      records.clock().schedule(Duration.ZERO, () -> put.accept(array, answer));
      return answer;
    }

    private void put(Object array, CompletableFuture<Void> answer) {
      CAStatus status =
          pv.put(
              array,
              new ProcessVariableWriteCallback() {
                @Override
                public void processVariableWriteCompleted(CAStatus ended) {
                  records.clock().schedule(Duration.ZERO, () -> ended(answer, ended));
                }

                @Override
                public void canceled() {
                  ended(answer, CAStatus.PUTFAIL);
                }
              });
      if (status != null) {
        ended(answer, status);
      }
    }

    private void ended(CompletableFuture<Void> answer, CAStatus status) {
      if (status.isSuccessful()) {
        end(answer, (Void) null);
      } else {
        end(answer, new DeviceFailure("put-failed", "%s: %s".formatted(name, status.getMessage())));
      }
    }

    private <T> CompletableFuture<T> request(Duration timeout) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      if (!connected || closed) {
        answer.completeExceptionally(gone());
        return answer;
      }
      pending.add(answer);
      records
          .clock()
          .schedule(
              timeout,
              () ->
                  end(
                      answer,
                      new DeviceFailure(
                          "timeout", "%s has not answered in %s.".formatted(name, timeout))));
      return answer;
    }

    private <T> void end(CompletableFuture<T> answer, T value) {
      pending.remove(answer);
      answer.complete(value);
    }

    private void end(CompletableFuture<?> answer, DeviceFailure failure) {
      pending.remove(answer);
      answer.completeExceptionally(failure);
    }

    private DeviceFailure gone() {
      return new DeviceFailure("disconnected", name + " is not connected.");
    }

    private void failAll() {
      List.copyOf(pending).forEach(answer -> end(answer, gone()));
    }

    @Override
    public void close() {
      closed = true;
      links.remove(this);
      if (pv != null) {
        pv.unwatch(watcher);
      }
      failAll();
    }

    private SignalMeta meta() {
      String[] labels = pv.getEnumLabels();
      DBRType type = pv.getType();
      return new SignalMeta(
          "PV:" + name,
          type.isDOUBLE() || type.isFLOAT()
              ? SignalType.NUMBER
              : type.isENUM()
                  ? SignalType.ENUM
                  : type.isSTRING() ? SignalType.TEXT : SignalType.INTEGER,
          pv.getDimensionSize(0),
          pv.writable(),
          pv.units(),
          pv.precision(),
          pv.lowLimit() < pv.highLimit() ? new Limits(pv.lowLimit(), pv.highLimit()) : Limits.NONE,
          labels == null ? List.of() : Arrays.asList(labels));
    }

    /** The value as an array of the PV's type. */
    private Object array(Value value) {
      List<Value> items = value instanceof Value.Items list ? list.items() : List.of(value);
      Object given = pv.snapshot().value();
      Object array = Array.newInstance(given.getClass().getComponentType(), items.size());
      for (int at = 0; at < items.size(); at++) {
        Array.set(array, at, element(items.get(at), array));
      }
      return array;
    }

    private Object element(Value item, Object array) {
      if (array instanceof String[]) {
        return item instanceof Value.Text text ? text.value() : item.shown();
      }
      double number = item.asDouble();
      if (item instanceof Value.Bool flag) {
        number = flag == Value.Bool.TRUE ? 1 : 0;
      }
      if (item instanceof Value.Text text && pv.getEnumLabels() != null) {
        number = Arrays.asList(pv.getEnumLabels()).indexOf(text.value());
      }
      boolean floating = array instanceof double[] || array instanceof float[];
      if (!floating && (Double.isNaN(number) || (pv.getEnumLabels() != null && number < 0))) {
        throw new DeviceFailure("wrong-type", "%s can't take %s.".formatted(name, item.shown()));
      }
      if (array instanceof double[]) {
        return number;
      }
      if (array instanceof float[]) {
        return (float) number;
      }
      if (array instanceof int[]) {
        return (int) number;
      }
      return array instanceof short[] ? (Object) (short) number : (Object) (byte) number;
    }
  }

  private static SignalValue value(ServedPv pv, ServedPv.Snapshot seen) {
    int count = pv.getDimensionSize(0);
    Value[] items = new Value[count];
    for (int at = 0; at < count; at++) {
      Object item = Array.get(seen.value(), at);
      items[at] =
          item instanceof Double || item instanceof Float
              ? Value.of(((Number) item).doubleValue())
              : item instanceof Number whole
                  ? Value.of(whole.longValue())
                  : Value.of(String.valueOf(item));
    }
    return new SignalValue(
        count == 1 ? items[0] : Value.of(List.of(items)),
        seen.seconds(),
        AlarmSeverity.values()[seen.severity().getValue()],
        seen.status().getName(),
        true);
  }
}

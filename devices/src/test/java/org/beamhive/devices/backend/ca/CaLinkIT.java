package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;

import gov.aps.jca.Channel;
import gov.aps.jca.Monitor;
import gov.aps.jca.dbr.DBRType;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class CaLinkIT {
  private static final Duration LONG = Duration.ofSeconds(30);

  private SimulatedIoc ioc;
  private CaLink link;

  @BeforeEach
  void start() {
    ioc = SimulatedIoc.start(0);
    link = new CaLink(CaSettings.loopback(ioc.port()));
  }

  @AfterEach
  void stop() {
    link.close();
    ioc.close();
  }

  private Signal open(String name, SignalOptions options) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    Signal signal = new Signal(link, name, options);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal which) {
            there.countDown();
          }

          @Override
          public void disconnected(Signal which) {}

          @Override
          public void changed(Signal which) {}
        });
    assertThat(there.await(40, TimeUnit.SECONDS)).isTrue();
    return signal;
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static String code(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
      return "done";
    } catch (ExecutionException e) {
      return DeviceFailure.refusalOf("it", e.getCause()).code();
    }
  }

  @Test
  void aPutThatIsNotCompletedInTimeFailsAndAnotherWaySeesNoneOfIt() throws Exception {
    Signal preset = open("BH:det:TP", SignalOptions.POLLED);
    Signal count = open("BH:det:CNT", SignalOptions.POLLED);
    Signal urgent = open("BH:det:CNT", SignalOptions.URGENT);
    done(preset.put(Value.of(1000.0), LONG));

    assertThat(code(count.put(Value.of(1), Duration.ofMillis(100)))).isEqualTo("timeout");
    CompletionStage<Void> second = count.put(Value.of(1), LONG);
    assertThat(done(preset.get(LONG)).value()).isEqualTo(Value.of(1000.0));
    done(preset.put(Value.of(0.0), LONG));
    done(urgent.put(Value.of(0), LONG));

    // one put with completion at a time: the second was sent when the first had ended
    done(second);
  }

  @Test
  void requestsUnderWayFailWhenTheIocDies() throws Exception {
    Signal preset = open("BH:det:TP", SignalOptions.POLLED);
    Signal count = open("BH:det:CNT", SignalOptions.POLLED);
    done(preset.put(Value.of(1000.0), LONG));
    CompletionStage<Void> put = count.put(Value.of(1), LONG);
    done(preset.get(LONG));

    ioc.close();

    assertThat(code(put)).isEqualTo("disconnected");
    assertThat(code(preset.get(LONG))).isEqualTo("disconnected");
  }

  @Test
  void refusesWhatNoPvCanTake() throws Exception {
    Signal preset = open("BH:det:TP", SignalOptions.POLLED);
    assertThat(code(preset.put(Value.Fields.EMPTY, LONG))).isEqualTo("wrong-type");
    assertThat(code(preset.put(Value.of("no number"), LONG))).isNotEqualTo("done");
  }

  @Test
  void waitsForAValue() throws Exception {
    Signal rbv = open("BH:m1.RBV", SignalOptions.MONITORED);
    Signal val = open("BH:m1.VAL", SignalOptions.POLLED);
    CompletionStage<?> there = rbv.await(value -> value.asDouble() == 1, LONG);
    CompletionStage<?> never = rbv.await(value -> value.asDouble() == 2, Duration.ofMillis(300));
    done(val.put(Value.of(1.0), LONG));
    done(there);
    assertThat(code(never)).isEqualTo("timeout");
  }

  @Test
  void theServerTakesTheElementCountZeroOfOtherClients() throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    CountDownLatch event = new CountDownLatch(1);
    CaContext context = new CaContext(CaSettings.loopback(ioc.port()));
    context.initialize();
    Channel channel = context.createChannel("BH:m1.RBV", change -> connected.countDown());
    context.flushIO();
    assertThat(connected.await(40, TimeUnit.SECONDS)).isTrue();
    channel.addMonitor(DBRType.TIME_DOUBLE, 0, Monitor.VALUE, change -> event.countDown());
    context.flushIO();
    assertThat(event.await(40, TimeUnit.SECONDS)).isTrue();
    context.destroy();
  }
}

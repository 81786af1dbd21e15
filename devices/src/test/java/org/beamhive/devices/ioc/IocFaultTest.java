package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import gov.aps.jca.dbr.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Faults on command, as devices on the records see them; in virtual time. */
@Timeout(60)
class IocFaultTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final VirtualIoc ioc = VirtualIoc.of("type: ao, egu: V, value: 1");
  private final List<String> seen = new ArrayList<>();
  private final SignalBackend.Link link =
      ioc.records
          .backend()
          .open(
              "x",
              SignalOptions.MONITORED,
              new SignalBackend.Listener() {
                @Override
                public void connected(SignalMeta meta) {
                  seen.add("connected in " + meta.units());
                }

                @Override
                public void disconnected() {
                  seen.add("disconnected");
                }

                @Override
                public void changed(SignalValue value) {
                  seen.add(value.asDouble() + " " + value.severity());
                }
              });

  IocFaultTest() {
    ioc.go(0);
    assertThat(seen).containsExactly("connected in V", "1.0 NO_ALARM");
    seen.clear();
  }

  private CompletableFuture<Void> put(double value) {
    CompletableFuture<Void> put = link.put(Value.of(value), PATIENCE).toCompletableFuture();
    ioc.go(0);
    return put;
  }

  private static String code(CompletableFuture<?> ended) {
    return ended
        .handle(
            (done, error) -> error == null ? "done" : DeviceFailure.refusalOf("x", error).code())
        .getNow("open");
  }

  @Test
  void withoutAFaultAPutIsDoneAndSeenOnce() {
    assertThat(put(2)).isCompleted();
    assertThat(link.get(PATIENCE).toCompletableFuture().isDone()).isFalse();
    ioc.go(0);
    assertThat(seen).containsExactly("2.0 NO_ALARM");
  }

  @Test
  void aFrozenRecordAnswersWhenTheFreezeEnds() {
    ioc.put("x:fault", 1);
    ioc.go(0);
    CompletableFuture<Void> put = put(2);
    CompletableFuture<SignalValue> get = link.get(PATIENCE).toCompletableFuture();
    ioc.go(1);
    assertThat(put).isNotDone();
    assertThat(get).isNotDone();
    assertThat(seen).isEmpty();
    ioc.put("x:fault", 0);
    ioc.go(0);
    assertThat(put).isCompleted();
    assertThat(get.join().asDouble()).isEqualTo(2);
    assertThat(seen).contains("2.0 NO_ALARM");
  }

  @Test
  void aFrozenServerMakesEverythingTimeOutAndThawsByItself() {
    ioc.put("ioc:fault", 1);
    ioc.go(0);
    CompletableFuture<Void> put = put(2);
    ioc.go(6);
    assertThat(code(put)).isEqualTo("timeout");
    ioc.go(5);
    assertThat(put(3)).isCompleted();
  }

  @Test
  void slowAnswersComeLate() {
    ioc.put("x:fault:delay", 2);
    ioc.put("x:fault", 2);
    ioc.go(0);
    CompletableFuture<Void> put = put(2);
    ioc.go(1.9);
    assertThat(put).isNotDone();
    assertThat(seen).isEmpty();
    ioc.go(0.2);
    assertThat(put).isCompleted();
    assertThat(seen).containsExactly("2.0 NO_ALARM");
  }

  @Test
  void aLostCallbackIsLostThoughThePutIsDone() {
    ioc.records.fault("x", IocFault.LOST_CALLBACK, true);
    CompletableFuture<Void> put = put(2);
    assertThat(seen).containsExactly("2.0 NO_ALARM");
    ioc.go(10);
    assertThat(code(put)).isEqualTo("timeout");
  }

  @Test
  void postsCanBeDoubled() {
    ioc.records.fault("", IocFault.DOUBLED_POSTS, true);
    put(2);
    assertThat(seen).containsExactly("2.0 NO_ALARM", "2.0 NO_ALARM");
  }

  @Test
  void anAlarmIsSeenAtOnceAndEnds() {
    ioc.put("x:fault:seconds", 3);
    ioc.put("x:fault", IocFault.INVALID.ordinal() + 1);
    ioc.go(0);
    assertThat(seen).containsExactly("1.0 INVALID");
    assertThat(ioc.get("x.SEVR")).isEqualTo(3);
    assertThat(ioc.pv("x").snapshot().severity()).isEqualTo(Severity.INVALID_ALARM);
    ioc.go(3);
    assertThat(seen).containsExactly("1.0 INVALID", "1.0 NO_ALARM");
    assertThat(ioc.get("x:fault")).isZero();
    assertThat(ioc.get("x.SEVR")).isZero();
  }

  @Test
  void anAlarmOfTheServerIsEveryRecords() {
    ioc.records.fault("", IocFault.MAJOR, true);
    ioc.go(0);
    assertThat(seen).containsExactly("1.0 MAJOR");
    assertThat(ioc.get("x.SEVR")).isEqualTo(2);
    ioc.records.mend();
    assertThat(ioc.get("x.SEVR")).isZero();
  }

  @Test
  void droppedClientsComeBack() {
    ioc.records.fault("x", IocFault.LOST_CALLBACK, true);
    CompletableFuture<Void> put = put(2);
    seen.clear();
    ioc.records.fault("", IocFault.DROP, true);
    ioc.go(0);
    assertThat(code(put)).isEqualTo("disconnected");
    assertThat(seen).containsExactly("disconnected");
    ioc.go(1);
    assertThat(seen).containsExactly("disconnected", "connected in V", "2.0 NO_ALARM");
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThatThrownBy(() -> ioc.records.fault("nobody", IocFault.FREEZE, true))
        .hasMessage("There is no record 'nobody'; there are x.");
    assertThatThrownBy(() -> ioc.records.fault("x", IocFault.DROP, true))
        .hasMessageContaining("Only the server");
    assertThat(ioc.put("x:fault", 99).failed()).isTrue();
    assertThat(ioc.records.find("nobody:fault")).isNull();
    assertThatThrownBy(() -> ioc.records.put("nobody", 1)).hasMessage("There is no PV 'nobody'.");
    ioc.records.put("x", 3);
    assertThat(ioc.get("x")).isEqualTo(3);
  }
}

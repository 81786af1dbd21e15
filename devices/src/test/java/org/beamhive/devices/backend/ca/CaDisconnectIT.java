package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.backend.ca.Followed.LONG;
import static org.beamhive.devices.backend.ca.Followed.await;
import static org.beamhive.devices.backend.ca.Followed.code;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.ioc.LastingPort;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An IOC that goes, by whatever way, is seen to have gone, and all is there again when it is. */
@Timeout(120)
class CaDisconnectIT {
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  /** As quick to notice as a machine allows that may stand still; each change is told. */
  private CaLink link(int... ports) {
    return link(Duration.ofSeconds(5), ports);
  }

  private CaLink link(Duration abandonTimeout, int... ports) {
    CaSettings normal = CaSettings.loopback(1);
    List<String> addresses = new ArrayList<>();
    for (int port : ports) {
      addresses.add("127.0.0.1:" + port);
    }
    return closing(
        new CaLink(
            new CaSettings(
                addresses,
                false,
                List.of(),
                normal.serverPort(),
                0,
                Duration.ofSeconds(1),
                Duration.ofSeconds(4),
                abandonTimeout,
                normal.tcpConnectTimeout(),
                Duration.ofMillis(300),
                normal.maxArrayBytes(),
                normal.putsInFlight(),
                0)));
  }

  @Test
  void aKilledIocIsMissedAtOnceAndItsMonitorsComeBackByThemselves() throws Exception {
    TestIocProcess first = closing(TestIocProcess.start(LastingPort.find()));
    CaLink link = link(first.port());
    Followed number =
        new Followed(link, "T:number", SignalOptions.MONITORED)
            .awaitConnected()
            .awaitValue(Value.of(1.0));
    Followed busy = new Followed(link, "T:busy", SignalOptions.POLLED).awaitConnected();
    CompletionStage<Void> put = busy.signal.put(Value.of(1.0), LONG);
    number.put(Value.of(2.0));
    number.awaitValue(Value.of(2.0));
    int before = number.disconnects.get();

    first.close();
    assertThat(code(put)).isEqualTo("disconnected");
    number.awaitDisconnected();
    assertThat(number.signal.latest()).isNull();
    assertThat(code(number.signal.get(LONG))).isEqualTo("disconnected");

    closing(TestIocProcess.start(first.port()));
    number.awaitConnected().awaitValue(Value.of(1.0));
    assertThat(number.meta().units()).isEqualTo("mm");
    number.put(Value.of(3.0));
    number.awaitValue(Value.of(3.0));
    // the put that was lost doesn't keep the next ones from the IOC
    busy.awaitConnected();
    assertThat(code(busy.signal.put(Value.of(1.0), Duration.ofMillis(200)))).isEqualTo("timeout");
    assertThat(number.disconnects).hasValue(before + 1);
  }

  @Test
  void aFrozenIocIsMissedWithinSecondsAndGoesOnWhereItWas() throws Exception {
    TestIocProcess ioc = closing(TestIocProcess.start(0));
    CaLink link = link(ioc.port());
    Followed number =
        new Followed(link, "T:number", SignalOptions.MONITORED)
            .awaitConnected()
            .awaitValue(Value.of(1.0));
    for (int freeze = 1; freeze <= 2; freeze++) {
      int told = number.disconnects.get();
      ioc.freeze();
      CompletionStage<?> get = number.signal.get(LONG);
      await("it to be missed", () -> number.disconnects.get() > told);
      assertThat(code(get)).isEqualTo("disconnected");
      ioc.thaw();
      number.awaitConnected();
      await("its value", () -> number.signal.latest() != null);
    }
    // one subscription, not one more for each time it was frozen
    number.put(Value.of(5.0));
    number.awaitValue(Value.of(5.0));
    int before = number.changes.get();
    for (int i = 1; i <= 10; i++) {
      number.put(Value.of((double) i));
      number.get();
      number.awaitValue(Value.of((double) i));
    }
    assertThat(number.changes.get() - before).isLessThanOrEqualTo(20);
    assertThat(link.context().circuits()).isEqualTo(1);
  }

  @Test
  void aFrozenIocThatIsKilledComesBackAsANewOne() throws Exception {
    TestIocProcess ioc = closing(TestIocProcess.start(LastingPort.find()));
    // who is asked in vain for that long is searched anew, which is waited for here
    CaLink link = link(Duration.ofMillis(1500), ioc.port());
    Followed number =
        new Followed(link, "T:number", SignalOptions.MONITORED)
            .awaitConnected()
            .awaitValue(Value.of(1.0));
    ioc.freeze();
    number.awaitDisconnected();
    ioc.close();
    closing(TestIocProcess.start(ioc.port()));
    number.awaitConnected().awaitValue(Value.of(1.0));
    number.put(Value.of(4.0));
    number.awaitValue(Value.of(4.0));
  }

  @Test
  void anIocThatIsNotThereAtTheStartIsFoundLater() throws Exception {
    int port = LastingPort.find();
    Followed pv = new Followed(link(port), "T:number", SignalOptions.MONITORED);
    assertThat(code(pv.signal.get(LONG))).isEqualTo("disconnected");
    assertThat(code(pv.signal.put(Value.of(1.0), LONG))).isEqualTo("disconnected");
    closing(TestIoc.start(port, TestPv.of("T:number", 7)));
    pv.awaitConnected().awaitValue(Value.of(7.0));
  }

  @Test
  void anIocMayComeBackOnAnotherPort() throws Exception {
    TestIoc first = TestIoc.start(0, TestPv.of("T:number", 1));
    int second = LastingPort.find();
    CaLink link = link(first.port(), second);
    Followed pv =
        new Followed(link, "T:number", SignalOptions.MONITORED)
            .awaitConnected()
            .awaitValue(Value.of(1.0));
    first.close();
    pv.awaitDisconnected();
    TestPv moved = TestPv.of("T:number", 2);
    closing(TestIoc.start(second, moved));
    pv.awaitConnected().awaitValue(Value.of(2.0));
    moved.post(new double[] {3});
    pv.awaitValue(Value.of(3.0));
    assertThat(link.context().circuits()).isEqualTo(1);
  }

  @Test
  void aRecordThatIsAnotherAfterARestartIsDescribedAndFollowedAnew() {
    TestIoc first =
        TestIoc.start(
            LastingPort.find(),
            TestPv.of("T:a", 1).units("mm", 3).limits(0, 0, 0, 0, 0, 0, -1, 1),
            TestPv.of("T:b", 1),
            TestPv.ofChoice("T:c", 1, "Off", "On"));
    CaLink link = link(first.port());
    List<Followed> pvs = new ArrayList<>();
    for (String name : List.of("T:a", "T:b", "T:c")) {
      pvs.add(new Followed(link, name, SignalOptions.MONITORED).awaitConnected());
    }
    pvs.get(0).awaitValue(Value.of(1.0));
    pvs.get(1).awaitValue(Value.of(1.0));
    pvs.get(2).awaitValue(Value.of(1));
    int port = first.port();
    first.close();
    pvs.forEach(Followed::awaitDisconnected);

    TestPv text = TestPv.ofText("T:b", "now a text");
    TestPv wave = TestPv.of("T:c", 1, 2, 3);
    TestPv same = TestPv.of("T:a", 2).units("um", 1).limits(0, 0, 0, 0, 0, 0, -5, 5);
    closing(TestIoc.start(port, same, text, wave));
    pvs.forEach(Followed::awaitConnected);
    Followed number = pvs.get(0).awaitValue(Value.of(2.0));
    assertThat(number.meta().units()).isEqualTo("um");
    assertThat(number.meta().limits()).isEqualTo(new Limits(-5, 5));
    Followed named = pvs.get(1).awaitValue(Value.of("now a text"));
    assertThat(named.meta().type()).isEqualTo(SignalType.TEXT);
    Followed array = pvs.get(2);
    Value items = Value.of(List.of(Value.of(1.0), Value.of(2.0), Value.of(3.0)));
    array.awaitValue(items);
    assertThat(array.meta().labels()).isEmpty();
    assertThat(array.meta().count()).isEqualTo(3);
    text.post(new String[] {"changed"});
    named.awaitValue(Value.of("changed"));
    assertThat(array.get().value()).isEqualTo(items);
    // the old subscriptions are gone
    await("only the new ones", () -> link.context().keptRequests() == 5);
  }

  @Test
  void nothingIsLeftOfRestarts() {
    restart(20);
  }

  @Test
  @Tag("faults")
  @Timeout(3600)
  void nothingIsLeftOfAThousandRestarts() {
    restart(1000);
  }

  private void restart(int times) {
    TestPv served = busy();
    TestIoc ioc = TestIoc.start(LastingPort.find(), TestPv.of("T:number", 0), served);
    int port = ioc.port();
    CaLink link = link(port);
    Followed number = new Followed(link, "T:number", SignalOptions.MONITORED).awaitConnected();
    Followed busy = new Followed(link, "T:busy", SignalOptions.POLLED).awaitConnected();
    number.awaitValue(Value.of(0.0));
    long threads = ourThreads();
    for (int i = 1; i <= times; i++) {
      CompletionStage<?> put = busy.signal.put(Value.of(1.0), LONG);
      CompletionStage<?> next = busy.signal.put(Value.of(2.0), LONG);
      // an IOC that is just ending may still refuse what has not begun
      TestPv begun = served;
      await("the put to begin", () -> begun.puts() == 1);
      ioc.close();
      assertThat(code(put)).isEqualTo("disconnected");
      assertThat(code(next)).isEqualTo("disconnected");
      number.awaitDisconnected();
      busy.awaitDisconnected();
      served = busy();
      ioc = TestIoc.start(port, TestPv.of("T:number", i), served);
      number.awaitConnected().awaitValue(Value.of((double) i));
      busy.awaitConnected();
    }
    closing(ioc);
    // two channels, each with one for its properties, one of them with one for its value
    await("no request to be left", () -> link.context().keptRequests() == 3);
    assertThat(link.context().keptChannels()).isEqualTo(2);
    assertThat(link.context().circuits()).isEqualTo(1);
    await("no put to be left", () -> link.gate().iocs() == 0);
    await("no thread to be left", () -> ourThreads() <= threads);
  }

  /** Those of the link; the server of the test, started again in this process, leaves some. */
  private static long ourThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("ca-"))
        .count();
  }

  private static TestPv busy() {
    return TestPv.of("T:busy", 0).onPut(done -> null);
  }
}

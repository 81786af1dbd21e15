package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.backend.ca.Followed.LONG;
import static org.beamhive.devices.backend.ca.Followed.await;
import static org.beamhive.devices.backend.ca.Followed.code;
import static org.beamhive.devices.backend.ca.Followed.done;
import static org.beamhive.devices.backend.ca.Followed.failure;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.beamhive.devices.ioc.LastingPort;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is known to go wrong with Channel Access and its library, and must not with ours. */
@Timeout(120)
class CaTrapsIT {
  private static final Duration SHORT = Duration.ofMillis(300);

  private final List<AutoCloseable> open = new ArrayList<>();
  private final Queue<ProcessVariableWriteCallback> uncompleted = new ConcurrentLinkedQueue<>();
  private final TestPv number = TestPv.of("T:number", 1);
  private final TestPv busy =
      TestPv.of("T:busy", 0)
          .onPut(
              done -> {
                uncompleted.add(done);
                return null;
              });

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

  private TestIoc ioc(TestPv... pvs) {
    return closing(TestIoc.start(0, pvs));
  }

  private CaLink link(TestIoc ioc) {
    return closing(new CaLink(CaSettings.loopback(ioc.port())));
  }

  private static CaSettings searching(List<String> addresses, List<String> nameServers) {
    CaSettings normal = CaSettings.loopback(1);
    return new CaSettings(
        addresses,
        false,
        nameServers,
        normal.serverPort(),
        0,
        normal.connectionTimeout(),
        normal.echoTimeout(),
        Duration.ofSeconds(2),
        Duration.ofMillis(500),
        normal.maxSearchInterval(),
        normal.maxArrayBytes(),
        normal.putsInFlight(),
        normal.changesPerSecond());
  }

  private void complete() {
    await("a put", () -> !uncompleted.isEmpty());
    uncompleted.poll().processVariableWriteCompleted(CAStatus.NORMAL);
  }

  @Test
  void whatIsClosedAsSoonAsItIsConnectedLeavesTheOthersAlone() {
    TestIoc ioc = ioc(number);
    CaLink link = link(ioc);
    Followed bystander = new Followed(link, "T:number", SignalOptions.MONITORED).awaitConnected();
    for (int i = 0; i < 300; i++) {
      Followed brief = new Followed(link, "T:number", SignalOptions.MONITORED).awaitConnected();
      brief.signal.close();
    }
    bystander.get();
    assertThat(bystander.disconnects).hasValue(0);
  }

  @Test
  void everyRequestEndsInTimeOrWhenTheConnectionBreaks() {
    TestIoc ioc = ioc(number, busy);
    CaLink link = link(ioc);
    Followed mute = new Followed(link, "T:number", SignalOptions.POLLED).awaitConnected();
    Followed put = new Followed(link, "T:busy", SignalOptions.POLLED).awaitConnected();
    number.mute();
    assertThat(failure(mute.signal.get(SHORT)))
        .hasMessage("T:number is connected but does not answer: its control system hangs.");
    assertThat(failure(put.signal.put(Value.of(1.0), SHORT)))
        .hasMessage("Writing T:busy was not completed within 0.3 s.");

    CompletionStage<?> get = mute.signal.get(LONG);
    CompletionStage<?> second = put.signal.put(Value.of(2.0), LONG);
    ioc.close();
    assertThat(code(get)).isEqualTo("disconnected");
    assertThat(code(second)).isEqualTo("disconnected");
    assertThat(code(mute.signal.get(LONG))).isEqualTo("disconnected");
  }

  @Test
  void onlyOnePutWithCompletionIsUnderWayOnAChannel() {
    Followed pv = new Followed(link(ioc(busy)), "T:busy", SignalOptions.POLLED).awaitConnected();
    CompletionStage<Void> first = pv.signal.put(Value.of(1.0), LONG);
    CompletionStage<Void> second = pv.signal.put(Value.of(2.0), LONG);
    await("the first put", () -> busy.puts() == 1);
    assertThat(failure(pv.signal.put(Value.of(3.0), SHORT)))
        .hasMessage(
            "Writing T:busy could not begin, because its IOC had not completed what was written"
                + " before, within 0.3 s.");
    assertThat(busy.puts()).isEqualTo(1);
    complete();
    done(first);
    complete();
    done(second);
    assertThat(busy.puts()).as("what has timed out is not sent later").isEqualTo(2);
  }

  @Test
  void stopHasACircuitOfItsOwn() {
    CountDownLatch stopped = new CountDownLatch(1);
    TestPv moving =
        TestPv.of("T:moving", 0)
            .onPut(
                done -> {
                  try {
                    stopped.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  return CAStatus.NORMAL;
                });
    TestPv stop =
        TestPv.of("T:stop", 0)
            .onPut(
                done -> {
                  stopped.countDown();
                  return CAStatus.NORMAL;
                });
    CaLink link = link(ioc(moving, stop, number));
    Followed move = new Followed(link, "T:moving", SignalOptions.POLLED).awaitConnected();
    Followed other = new Followed(link, "T:number", SignalOptions.POLLED).awaitConnected();
    Followed urgent = new Followed(link, "T:stop", SignalOptions.URGENT).awaitConnected();
    CompletionStage<Void> put = move.signal.put(Value.of(1.0), LONG);
    assertThat(code(other.signal.get(SHORT)))
        .as("the circuit is blocked")
        .isEqualTo("not-responding");
    urgent.put(Value.of(1));
    done(put);
  }

  @Test
  void aStopNeedsNoPlaceAmongThePutsInFlightAndNoCompletion() {
    TestPv[] pvs = new TestPv[4];
    for (int at = 0; at < pvs.length; at++) {
      pvs[at] = TestPv.of("T:moving" + at, 0).onPut(done -> null);
    }
    TestPv stop = TestPv.of("T:stop", 0).onPut(done -> null);
    TestIoc ioc = ioc(pvs[0], pvs[1], pvs[2], pvs[3], stop, number);
    CaLink link = closing(new CaLink(ioc.settings(0, TestIoc.MAX_ARRAY_BYTES, 2)));
    List<CompletionStage<Void>> puts = new ArrayList<>();
    for (TestPv pv : pvs) {
      Followed moving = new Followed(link, pv.getName(), SignalOptions.POLLED).awaitConnected();
      // its time runs out here, and the IOC still has it in hand
      puts.add(moving.signal.put(Value.of(1.0), SHORT));
    }
    puts.forEach(put -> assertThat(code(put)).isEqualTo("timeout"));
    assertThat(pvs[3].puts()).as("the gate is full").isZero();

    Followed urgent = new Followed(link, "T:stop", SignalOptions.URGENT).awaitConnected();
    Followed plain = new Followed(link, "T:moving0", SignalOptions.POLLED).awaitConnected();
    for (int times = 1; times <= 3; times++) {
      done(urgent.signal.put(Value.of(1.0), LONG));
      done(urgent.signal.get(LONG));
      assertThat(stop.puts()).isEqualTo(times);
    }
    done(plain.signal.send(Value.of(0.0), LONG));
    assertThat(done(plain.signal.get(LONG)).value()).isEqualTo(Value.of(0.0));
  }

  @Test
  void noOtherProcessIsStarted() {
    closing(new CaLink(ioc(number).settings(LastingPort.find(), TestIoc.MAX_ARRAY_BYTES, 200)));
    assertThat(ProcessHandle.current().descendants())
        .noneMatch(
            process ->
                process.info().commandLine().map(s -> s.contains("CARepeater")).orElse(false));
    await(
        "the repeater's thread",
        () -> Thread.getAllStackTraces().keySet().stream().anyMatch(CaTrapsIT::isRepeater));
  }

  private static boolean isRepeater(Thread thread) {
    return thread.getName().equals("ca-repeater");
  }

  @Test
  void anIocThatCanNotBeConnectedToKeepsNoOtherFromIt() throws Exception {
    SilentIoc silent = closing(new SilentIoc("T:silent"));
    TestIoc good = ioc(number);
    TestIoc late = ioc(TestPv.of("T:late", 2));
    List<String> addresses =
        List.of(
            "127.0.0.1:" + silent.port(), "127.0.0.1:" + good.port(), "127.0.0.1:" + late.port());
    CaLink link = closing(new CaLink(searching(addresses, List.of())));
    Followed there = new Followed(link, "T:number", SignalOptions.MONITORED).awaitConnected();
    Followed never = new Followed(link, "T:silent", SignalOptions.MONITORED);
    await("it to be found", () -> silent.answers() > 0);

    there.get();
    Followed other = new Followed(link, "T:late", SignalOptions.MONITORED).awaitConnected();
    assertThat(other.get().value()).isEqualTo(Value.of(2.0));
    assertThat(never.signal.connected()).isFalse();
    assertThat(code(never.signal.get(LONG))).isEqualTo("disconnected");
    never.signal.close();
    there.get();
    assertThat(there.disconnects).hasValue(0);
  }

  @Test
  void anIocThatTakesAConnectionAndSaysNothingIsSearchedAnew() throws Exception {
    SilentIoc silent = closing(SilentIoc.thatAccepts("T:silent"));
    CaLink link = closing(new CaLink(searching(List.of("127.0.0.1:" + silent.port()), List.of())));
    Followed pv = new Followed(link, "T:silent", SignalOptions.MONITORED);
    await("the first connection", () -> silent.connections() >= 1);
    await("the second connection", () -> silent.connections() >= 2);
    assertThat(pv.signal.connected()).isFalse();
    assertThat(link.context().circuits()).isLessThanOrEqualTo(1);
  }

  @Test
  void aNameServerIsAskedWherePvsAre() {
    TestIoc ioc = ioc(number);
    CaLink link = closing(new CaLink(searching(List.of(), List.of("127.0.0.1:" + ioc.tcpPort()))));
    assertThat(new Followed(link, "T:number", SignalOptions.POLLED).awaitConnected().get().value())
        .isEqualTo(Value.of(1.0));
  }

  @Test
  void manyThreadsMayOpenTheSamePvsAtOnce() throws Exception {
    int pvs = 100;
    int threads = 8;
    TestPv[] all =
        IntStream.range(0, pvs).mapToObj(i -> TestPv.of("T:pv" + i, i)).toArray(TestPv[]::new);
    CaLink link = link(ioc(all));
    Queue<Followed> opened = new ConcurrentLinkedQueue<>();
    List<Thread> openers =
        IntStream.range(0, threads)
            .mapToObj(
                i ->
                    new Thread(
                        () ->
                            IntStream.range(0, pvs)
                                .forEach(
                                    pv ->
                                        opened.add(
                                            new Followed(
                                                link, "T:pv" + pv, SignalOptions.POLLED)))))
            .toList();
    openers.forEach(Thread::start);
    for (Thread opener : openers) {
      opener.join();
    }
    assertThat(opened).hasSize(pvs * threads);
    for (Followed pv : opened) {
      pv.awaitConnected();
      assertThat("T:pv" + (int) pv.get().asDouble()).isEqualTo(pv.signal.name());
    }
    assertThat(link.channels()).isEqualTo(pvs * threads);
    assertThat(link.connectedChannels()).isEqualTo(pvs * threads);
    opened.stream().map(pv -> pv.signal).forEach(Signal::close);
    await("all channels to go", () -> link.context().keptChannels() == 0);
    assertThat(link.context().keptRequests()).isZero();
    await("the circuit to go", () -> link.context().circuits() == 0);
  }

  /** Requests that fill the library's buffer and its flushes lock the same in different orders. */
  @Test
  void pvsAreOpenedWhileOthersAreReadAndNobodyWaitsForEver() {
    int pvs = 1500;
    TestPv[] all =
        IntStream.range(0, pvs).mapToObj(i -> TestPv.of("T:pv" + i, i)).toArray(TestPv[]::new);
    CaLink link = link(ioc(all));
    Followed first = new Followed(link, "T:pv0", SignalOptions.MONITORED).awaitConnected();
    for (int round = 0; round < 2; round++) {
      List<Followed> opened =
          IntStream.range(0, pvs)
              .mapToObj(i -> new Followed(link, "T:pv" + i, SignalOptions.MONITORED))
              .toList();
      await(
          "all to connect",
          () -> {
            done(first.signal.get(LONG));
            return opened.stream().allMatch(pv -> pv.signal.connected());
          });
      opened.forEach(pv -> pv.signal.close());
    }
    await("only the first to be left", () -> link.context().keptChannels() == 1);
  }

  @Test
  void closingEndsAllRequestsAndLeavesNoThread() {
    List<Thread> before = List.copyOf(Thread.getAllStackTraces().keySet());
    TestIoc ioc = TestIoc.start(0, number, busy);
    CaLink link = new CaLink(CaSettings.loopback(ioc.port()));
    Followed mute = new Followed(link, "T:number", SignalOptions.MONITORED).awaitConnected();
    Followed put = new Followed(link, "T:busy", SignalOptions.POLLED).awaitConnected();
    number.mute();
    CompletionStage<?> get = mute.signal.get(LONG);
    CompletionStage<?> first = put.signal.put(Value.of(1.0), LONG);
    CompletionStage<?> second = put.signal.put(Value.of(2.0), LONG);
    link.close();
    assertThat(code(get)).isIn("disconnected", "closed");
    assertThat(code(first)).isIn("disconnected", "closed");
    assertThat(code(second)).isIn("disconnected", "closed");
    assertThat(code(mute.signal.get(LONG))).isIn("disconnected", "closed");
    mute.signal.close();
    new Signal(link, "T:number", SignalOptions.POLLED).open(mute);
    ioc.close();
    await(
        "the threads to end",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .allMatch(thread -> thread.isDaemon() && !thread.getName().startsWith("ca-")));
  }
}

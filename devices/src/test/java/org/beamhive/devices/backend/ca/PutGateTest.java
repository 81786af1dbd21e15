package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PutGateTest {
  private final PutGate gate = new PutGate(2);
  private final SocketAddress ioc = InetSocketAddress.createUnresolved("ioc", 5064);
  private final SocketAddress other = InetSocketAddress.createUnresolved("ioc", 5066);
  private final List<String> started = new ArrayList<>();

  private void enter(SocketAddress at, String what) {
    gate.enter(at, () -> started.add(what));
  }

  @Test
  void onlySoManyAreUnderWayPerIoc() {
    enter(ioc, "a");
    enter(ioc, "b");
    enter(ioc, "c");
    enter(other, "d");
    assertThat(started).containsExactly("a", "b", "d");
    gate.leave(ioc);
    assertThat(started).containsExactly("a", "b", "d", "c");
  }

  @Test
  void whatIsNotNeededAnyMoreIsPassedOverHoweverManyThereAre() {
    enter(ioc, "a");
    enter(ioc, "b");
    for (int i = 0; i < 100_000; i++) {
      gate.enter(ioc, () -> false);
    }
    enter(ioc, "c");
    gate.leave(ioc);
    assertThat(started).containsExactly("a", "b", "c");
  }

  @Test
  void forgetsAnIocThatHasNothingInHand() {
    enter(ioc, "a");
    gate.enter(ioc, () -> false);
    enter(other, "b");
    assertThat(gate.iocs()).isEqualTo(2);
    gate.leave(ioc);
    gate.leave(other);
    assertThat(gate.iocs()).isZero();
    enter(ioc, "c");
    assertThat(started).containsExactly("a", "b", "c");
  }
}

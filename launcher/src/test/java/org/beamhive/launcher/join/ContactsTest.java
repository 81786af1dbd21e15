package org.beamhive.launcher.join;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ContactsTest {
  private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
  private static final NodeFacts FACTS = new NodeFacts("bl1", "1.0", "0.1.0", new TreeMap<>());

  private static Greeting.Answer answer(String contact, boolean inCluster) {
    return new Greeting.Answer(contact, 1, inCluster, false, inCluster ? "Up" : "Removed", FACTS);
  }

  private final Contacts contacts = Contacts.of(List.of("a:1", "b:2"), START);

  @Test
  void thinksThatNobodyHasAClusterOnceAllHaveSaidSo() {
    Contacts one = contacts.answered(answer("a:1", false), START);
    assertThat(one.nobodyHasACluster(START)).isFalse();
    assertThat(one.answered(answer("b:2", false), START).nobodyHasACluster(START)).isTrue();
  }

  @Test
  void givesTheOthersTimeToAnswer() {
    assertThat(contacts.nobodyHasACluster(START.plus(Contacts.PATIENCE).minusMillis(1))).isFalse();
    assertThat(contacts.nobodyHasACluster(START.plus(Contacts.PATIENCE))).isTrue();
  }

  @Test
  void anAnswerCountsForAWhileOnly() {
    Contacts up = contacts.answered(answer("a:1", true), START);
    assertThat(up.inCluster(START.plusSeconds(1))).containsExactly("a:1");
    assertThat(up.nobodyHasACluster(START.plusMillis(3999))).isFalse();
    Instant later = START.plus(Contacts.FRESH);
    assertThat(up.inCluster(later)).isEmpty();
    assertThat(up.nobodyHasACluster(later)).isTrue();
    assertThat(up.silent(later)).containsExactly("a:1", "b:2");
  }

  @Test
  void forgetsTheNodeItselfAndIgnoresWhomItDidNotAsk() {
    Contacts left = contacts.without("a:1").answered(answer("c:3", true), START);
    assertThat(left.addresses()).containsExactly("b:2");
    assertThat(left.inCluster(START)).isEmpty();
  }

  @Test
  void saysWhatIsKnownOfEach() {
    assertThat(contacts.shown(START))
        .isEqualTo("a:1: has not answered yet; b:2: has not answered yet");
    Contacts tried =
        contacts.tried("a:1", Optional.of("connection refused")).tried("b:2", Optional.empty());
    assertThat(tried.shown(START))
        .startsWith("a:1: connection refused; b:2: takes connections, but does not answer");
    assertThat(tried.answered(answer("a:1", false), START).shown(START))
        .startsWith("a:1: is up, but not in a cluster itself yet");
  }
}

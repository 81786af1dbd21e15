package org.beamhive.protocol.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final Limits RECORD = new Limits(-10, 10);

  @Test
  void bothCountWhereTheyOverlap() {
    assertThat(RECORD.narrowedBy(new Limits(-20, 5))).isEqualTo(new Limits(-10, 5));
  }

  @Test
  void limitsThatAreNotSetNarrowNothing() {
    assertThat(RECORD.narrowedBy(Limits.NONE)).isEqualTo(RECORD);
    assertThat(Limits.NONE.narrowedBy(RECORD)).isEqualTo(RECORD);
    assertThat(Limits.NONE.narrowedBy(Limits.NONE).set()).isFalse();
  }

  @Test
  void thoseThatExcludeEachOtherLeaveTheOthers() {
    assertThat(RECORD.narrowedBy(new Limits(20, 30))).isEqualTo(new Limits(20, 30));
  }
}

package org.beamhive.persistence.redis;

/** An event or snapshot with a serializer of its own: see {@link SampleSerializer}. */
record Sample(String text) {

  /** One that its serializer refuses to write. */
  static Sample refused() {
    return new Sample(SampleSerializer.REFUSED);
  }
}

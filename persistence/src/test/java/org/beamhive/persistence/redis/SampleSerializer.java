package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import akka.serialization.SerializerWithStringManifest;
import java.io.NotSerializableException;
import java.util.concurrent.atomic.AtomicInteger;

/** Refuses to write when told to, insists on its manifest, and counts what it reads. */
public final class SampleSerializer extends SerializerWithStringManifest {

  static final int ID = 900_001;
  static final String MANIFEST = "sample-1";
  static final String REFUSED = "refused";

  /** What makes it fail with an error that is no exception. */
  static final String BROKEN = "broken";

  /** Lines of configuration that bind {@link Sample} to it. */
  static final String CONFIG =
      """
      akka.actor {
        serializers.sample = "org.beamhive.persistence.redis.SampleSerializer"
        serialization-bindings."org.beamhive.persistence.redis.Sample" = sample
      }
      """;

  private static final AtomicInteger READ = new AtomicInteger();

  /** How many it has read, in this process. */
  static int read() {
    return READ.get();
  }

  @Override
  public int identifier() {
    return ID;
  }

  @Override
  public String manifest(Object sample) {
    return MANIFEST;
  }

  @Override
  public byte[] toBinary(Object sample) {
    String text = ((Sample) sample).text();
    if (text.equals(REFUSED)) {
      throw refusal("this sample is not to be stored");
    }
    if (text.equals(BROKEN)) {
      throw new AssertionError("the serializer is broken");
    }
    return text.getBytes(UTF_8);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    if (!manifest.equals(MANIFEST)) {
      throw refusal("unknown manifest '" + manifest + "'");
    }
    READ.incrementAndGet();
    return new Sample(new String(bytes, UTF_8));
  }

  /** Akka's own class for this is a checked exception, which these methods don't declare. */
  private static RuntimeException refusal(String why) {
    return SampleSerializer.<RuntimeException>unchecked(new NotSerializableException(why));
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> E unchecked(Exception exception) throws E {
    throw (E) exception;
  }
}

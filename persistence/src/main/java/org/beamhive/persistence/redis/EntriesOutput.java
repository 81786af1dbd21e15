package org.beamhive.persistence.redis;

import io.lettuce.core.output.CommandOutput;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads an answer like XRANGE's, {@code [[id, [field, value, ...]], ...]}, without a map per entry,
 * which is what the client would make.
 */
final class EntriesOutput extends CommandOutput<String, byte[], List<StreamEntry>> {

  private String id;
  private int expected = -1;
  private List<byte[]> fields;

  EntriesOutput() {
    super(Client.CODEC, new ArrayList<>());
  }

  @Override
  public void multi(int count) {
    if (id != null) {
      expected = count;
      fields = new ArrayList<>(count);
      finish();
    }
  }

  @Override
  public void set(ByteBuffer bytes) {
    if (id == null) {
      id = decodeString(bytes);
    } else {
      fields.add(codec.decodeValue(bytes));
      finish();
    }
  }

  private void finish() {
    if (fields.size() == expected) {
      output.add(new StreamEntry(id, fields));
      id = null;
    }
  }
}

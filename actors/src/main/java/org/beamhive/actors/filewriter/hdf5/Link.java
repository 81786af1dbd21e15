package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.nio.charset.StandardCharsets;

/** An entry of a group ("Link Message"). */
sealed interface Link {
  /** An object of this file. */
  record Hard(Node target) implements Link {}

  record Soft(String target) implements Link {}

  record External(String file, String target) implements Link {}

  default byte[] message(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    BufferBuilder body =
        new BufferBuilder()
            .writeByte(1) // version
            .writeByte(0x19) // two bytes of name length; link type and character set are given
            .writeByte(kind())
            .writeByte(1) // UTF-8
            .writeShort(utf8.length)
            .writeBytes(utf8);
    if (this instanceof Hard hard) {
      body.writeLong(hard.target.address());
    } else if (this instanceof Soft soft) {
      byte[] target = soft.target.getBytes(StandardCharsets.UTF_8);
      body.writeShort(target.length).writeBytes(target);
    } else if (this instanceof External external) {
      byte[] file = external.file.getBytes(StandardCharsets.UTF_8);
      byte[] target = external.target.getBytes(StandardCharsets.UTF_8);
      body.writeShort(file.length + target.length + 3)
          .writeByte(0)
          .writeBytes(file)
          .writeByte(0)
          .writeBytes(target)
          .writeByte(0);
    }
    return body.build().array();
  }

  private int kind() {
    if (this instanceof Soft) {
      return 1;
    }
    return this instanceof External ? 64 : 0;
  }
}

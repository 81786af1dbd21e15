package org.beamhive.devices.ioc;

import io.jhdf.checksum.ChecksumUtils;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * NDFileHDF5: all frames in {@code /entry/data/data}, 16 bit unsigned, {@code [frame, y, x]}, of
 * coloured frames {@code [frame, y, x, colour]}.
 *
 * <p>The dataset is the last thing in the file and contiguous, so that a frame is appended behind
 * it and then its three headers say that there is one more; the file is complete after each frame.
 * The library that reads HDF5 for us can't append, and the writer of scan files lives in another
 * room; for this one fixed shape a few messages of the format are enough.
 *
 * <p>Format: HDF5 File Format Specification 3.0: superblock version 2, object headers version 2.
 */
final class AreaHdf5 implements AreaFileFormat {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  private static final long UNDEFINED = -1;
  private static final int SUPERBLOCK_BYTES = 48;
  private static final int CHECKSUM_BYTES = 4;
  private static final int LINK_INFO = 2;
  private static final int DATASPACE = 1;
  private static final int DATATYPE = 3;
  private static final int FILL_VALUE = 5;
  private static final int LINK = 6;
  private static final int LAYOUT = 8;
  private static final int GROUP_INFO = 10;
  private static final int ATTRIBUTE = 12;

  private FileChannel channel;
  private int width;
  private int height;
  private int colours;
  private long frames;
  private long datasetAt;
  private long framesAt;

  @Override
  public boolean severalFrames() {
    return true;
  }

  @Override
  public void open(Path path, AreaFrame like) throws IOException {
    close();
    Files.deleteIfExists(path);
    channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ);
    width = like.width();
    height = like.height();
    colours = like.colours();
    frames = 0;
    // the sizes of the headers don't depend on the addresses in them
    long rootAt = SUPERBLOCK_BYTES;
    long entryAt = rootAt + group("NXroot", "entry", 0).length;
    long dataAt = entryAt + group("NXentry", "data", 0).length;
    datasetAt = dataAt + group("NXdata", "data", 0).length;
    framesAt = datasetAt + dataset().length;
    write(rootAt, group("NXroot", "entry", entryAt));
    write(entryAt, group("NXentry", "data", dataAt));
    write(dataAt, group("NXdata", "data", datasetAt));
    publish();
  }

  @Override
  public void write(AreaFrame frame) throws IOException {
    if (channel == null) {
      throw new IOException("no file is open");
    }
    if (frame.width() != width || frame.height() != height || frame.colours() != colours) {
      throw new IOException(
          "the frame is %d x %d pixels of %d colours, the file was begun with %d x %d of %d"
              .formatted(frame.width(), frame.height(), frame.colours(), width, height, colours));
    }
    ByteBuffer bytes = buffer(frame.pixels().length * Short.BYTES);
    bytes.asShortBuffer().put(frame.pixels());
    write(framesAt + frames * frameBytes(), bytes.array());
    frames++;
    publish();
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }

  private long frameBytes() {
    return (long) width * height * colours * Short.BYTES;
  }

  /** The frames are there first, then what says so. */
  private void publish() throws IOException {
    write(0, superblock());
    write(datasetAt, dataset());
  }

  private void write(long at, byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      channel.write(left, at + left.position());
    }
  }

  private byte[] superblock() {
    ByteBuffer block = buffer(SUPERBLOCK_BYTES);
    block.put(SIGNATURE).put((byte) 2).put((byte) 8).put((byte) 8).put((byte) 0);
    block.putLong(0).putLong(UNDEFINED);
    block.putLong(framesAt + frames * frameBytes()).putLong(SUPERBLOCK_BYTES);
    return checked(block);
  }

  private static byte[] group(String nexusClass, String member, long memberAt) {
    return header(
        message(
            LINK_INFO,
            buffer(18).put((byte) 0).put((byte) 0).putLong(UNDEFINED).putLong(UNDEFINED)),
        message(GROUP_INFO, buffer(2)),
        attribute("NX_class", nexusClass),
        message(
            LINK,
            buffer(3 + member.length() + 8)
                .put((byte) 1)
                .put((byte) 0)
                .put((byte) member.length())
                .put(ascii(member))
                .putLong(memberAt)));
  }

  private byte[] dataset() {
    int axes = colours == 1 ? 3 : 4;
    ByteBuffer space = buffer(4 + axes * 8);
    space.put((byte) 2).put((byte) axes).put((byte) 0).put((byte) 1);
    space.putLong(frames).putLong(height).putLong(width);
    if (axes > 3) {
      space.putLong(colours);
    }
    ByteBuffer type = buffer(12);
    // class 0, fixed point, version 1; little endian, unsigned; 2 bytes, bits 0 to 15
    type.put((byte) 0x10).put(new byte[3]).putInt(2).putShort((short) 0).putShort((short) 16);
    // version 3: allocated late, written if set
    ByteBuffer fill = buffer(2).put((byte) 3).put((byte) 0x0A);
    ByteBuffer layout = buffer(18).put((byte) 3).put((byte) 1);
    layout.putLong(frames == 0 ? UNDEFINED : framesAt).putLong(frames * frameBytes());
    return header(
        message(DATASPACE, space),
        message(DATATYPE, type),
        message(FILL_VALUE, fill),
        message(LAYOUT, layout),
        attribute("signal", "data"));
  }

  /** A text of fixed length, ended by a zero. */
  private static byte[] attribute(String name, String value) {
    int nameBytes = name.length() + 1;
    int valueBytes = value.length() + 1;
    ByteBuffer body = buffer(9 + nameBytes + 8 + 4 + valueBytes);
    body.put((byte) 3).put((byte) 0);
    body.putShort((short) nameBytes).putShort((short) 8).putShort((short) 4).put((byte) 0);
    body.put(ascii(name)).put((byte) 0);
    // class 3, string, version 1
    body.put((byte) 0x13).put(new byte[3]).putInt(valueBytes);
    // a scalar
    body.put((byte) 2).put((byte) 0).put((byte) 0).put((byte) 0);
    body.put(ascii(value)).put((byte) 0);
    return message(ATTRIBUTE, body);
  }

  private static byte[] message(int type, ByteBuffer body) {
    ByteBuffer message = buffer(4 + body.capacity());
    message.put((byte) type).putShort((short) body.capacity()).put((byte) 0).put(body.array());
    return message.array();
  }

  private static byte[] header(byte[]... messages) {
    int size = 0;
    for (byte[] message : messages) {
      size += message.length;
    }
    // flags 2: the size has four bytes
    ByteBuffer header = buffer(6 + 4 + size + CHECKSUM_BYTES);
    header.put(ascii("OHDR")).put((byte) 2).put((byte) 2).putInt(size);
    for (byte[] message : messages) {
      header.put(message);
    }
    return checked(header);
  }

  private static byte[] checked(ByteBuffer block) {
    byte[] content = Arrays.copyOf(block.array(), block.position());
    return block.putInt(ChecksumUtils.checksum(content)).array();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

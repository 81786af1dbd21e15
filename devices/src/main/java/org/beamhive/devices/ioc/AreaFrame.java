package org.beamhive.devices.ioc;

import java.util.Arrays;

/**
 * One frame of 16 bit unsigned pixels, row by row.
 *
 * @param width pixels of a row
 * @param height rows
 * @param pixels {@code width * height} of them; not to be changed
 * @param uniqueId its number since the camera was started
 * @param time when it was taken, seconds since 1970
 */
record AreaFrame(int width, int height, short[] pixels, int uniqueId, double time) {
  int pixel(int at) {
    return pixels[at] & 0xFFFF;
  }

  /** The part of it that begins there; cut off where it has no pixels. */
  AreaFrame region(int left, int top, int columns, int rows) {
    int x = Math.max(0, Math.min(left, width - 1));
    int y = Math.max(0, Math.min(top, height - 1));
    int w = Math.max(1, Math.min(columns, width - x));
    int h = Math.max(1, Math.min(rows, height - y));
    short[] part = new short[w * h];
    for (int row = 0; row < h; row++) {
      System.arraycopy(pixels, (y + row) * width + x, part, row * w, w);
    }
    return new AreaFrame(w, h, part, uniqueId, time);
  }

  /** Each pixel times a factor plus an offset, kept within 16 bits. */
  AreaFrame scaled(double factor, double offset) {
    short[] next = new short[pixels.length];
    for (int at = 0; at < next.length; at++) {
      next[at] = (short) Math.round(Math.max(0, Math.min(65535, pixel(at) * factor + offset)));
    }
    return new AreaFrame(width, height, next, uniqueId, time);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AreaFrame frame
        && frame.width == width
        && frame.uniqueId == uniqueId
        && Arrays.equals(frame.pixels, pixels);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(pixels) + uniqueId;
  }
}

package org.beamhive.devices.ioc;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * One frame of 16 bit unsigned pixels, row by row; of a coloured one each pixel has three values
 * beside each other, as in areaDetector's RGB1.
 *
 * @param width pixels of a row
 * @param height rows
 * @param colours 1, or 3
 * @param pixels {@code width * height * colours} values; not to be changed
 * @param uniqueId its number since the camera was started
 * @param time when it was taken, seconds since 1970
 */
record AreaFrame(int width, int height, int colours, short[] pixels, int uniqueId, double time) {
  int pixel(int at) {
    return pixels[at] & 0xFFFF;
  }

  /** The part of it that begins there; cut off where it has no pixels. */
  AreaFrame region(int left, int top, int columns, int rows) {
    int x = Math.max(0, Math.min(left, width - 1));
    int y = Math.max(0, Math.min(top, height - 1));
    int w = Math.max(1, Math.min(columns, width - x));
    int h = Math.max(1, Math.min(rows, height - y));
    short[] part = new short[w * h * colours];
    for (int row = 0; row < h; row++) {
      System.arraycopy(
          pixels, ((y + row) * width + x) * colours, part, row * w * colours, w * colours);
    }
    return new AreaFrame(w, h, colours, part, uniqueId, time);
  }

  /** With so many pixels added up to one; what is left over at the end is cut off. */
  AreaFrame binned(int columns, int rows) {
    int binX = Math.max(1, Math.min(columns, width));
    int binY = Math.max(1, Math.min(rows, height));
    int w = width / binX;
    int h = height / binY;
    short[] next = new short[w * h * colours];
    for (int at = 0; at < next.length; at++) {
      int colour = at % colours;
      int x = at / colours % w;
      int y = at / colours / w;
      int sum = 0;
      for (int inner = 0; inner < binX * binY; inner++) {
        int column = x * binX + inner % binX;
        int row = y * binY + inner / binX;
        sum += pixel((row * width + column) * colours + colour);
      }
      next[at] = (short) Math.min(65535, sum);
    }
    return new AreaFrame(w, h, colours, next, uniqueId, time);
  }

  /** Whether another has the same shape. */
  boolean like(AreaFrame other) {
    return width == other.width && height == other.height && colours == other.colours;
  }

  /** Each value with its place made to another one, kept within 16 bits. */
  AreaFrame with(IntToDoubleFunction value) {
    short[] next = new short[pixels.length];
    for (int at = 0; at < next.length; at++) {
      next[at] = (short) Math.round(Math.max(0, Math.min(65535, value.applyAsDouble(at))));
    }
    return new AreaFrame(width, height, colours, next, uniqueId, time);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AreaFrame frame
        && like(frame)
        && frame.uniqueId == uniqueId
        && Arrays.equals(frame.pixels, pixels);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(pixels) + uniqueId;
  }
}

package org.beamhive.devices.ioc;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferUShort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** NDFileTIFF: one file of 16 bit grey for each frame. */
final class AreaTiff implements AreaFileFormat {
  private Path path;

  @Override
  public boolean severalFrames() {
    return false;
  }

  @Override
  public void open(Path file, AreaFrame like) {
    path = file;
  }

  @Override
  public void write(AreaFrame frame) throws IOException {
    if (frame.colours() != 1) {
      throw new IOException("only grey frames are simulated");
    }
    BufferedImage image =
        new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_USHORT_GRAY);
    short[] pixels = ((DataBufferUShort) image.getRaster().getDataBuffer()).getData();
    System.arraycopy(frame.pixels(), 0, pixels, 0, pixels.length);
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    if (!ImageIO.write(image, "tiff", encoded)) {
      throw new IOException("this Java has no writer of TIFF");
    }
    Files.write(path, encoded.toByteArray());
  }

  @Override
  public void close() {
    path = null;
  }
}

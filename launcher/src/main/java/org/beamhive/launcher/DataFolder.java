package org.beamhive.launcher;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The folder of everything that a node writes; one node at a time. */
final class DataFolder implements AutoCloseable {
  private final Path folder;
  private final FileChannel lockFile;
  private final FileLock lock;

  private DataFolder(Path folder, FileChannel lockFile, FileLock lock) {
    this.folder = folder;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /** Takes the folder, making it if it isn't there. */
  static DataFolder take(Path folder) {
    try {
      Files.createDirectories(folder);
      FileChannel file =
          FileChannel.open(
              folder.resolve("node.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock;
      try {
        lock = file.tryLock();
      } catch (OverlappingFileLockException sameProcess) {
        lock = null;
      }
      if (lock == null) {
        file.close();
        throw new StartFailure(
            "the data folder '"
                + folder
                + "' is used by another node; give this one its own with --data-dir");
      }
      return new DataFolder(folder, file, lock);
    } catch (AccessDeniedException denied) {
      throw new StartFailure(
          "the data folder '" + folder + "' can't be written: permission denied", denied);
    } catch (IOException failed) {
      throw new StartFailure("the data folder '" + folder + "' can't be used: " + failed, failed);
    }
  }

  Path path() {
    return folder;
  }

  /** The key of the HTTP interface, kept here so that commands on this machine find it. */
  String apiKey() {
    Path file = folder.resolve("api-key");
    try {
      if (Files.exists(file)) {
        return Files.readString(file).strip();
      }
      byte[] random = new byte[24];
      new SecureRandom().nextBytes(random);
      String key = HexFormat.of().formatHex(random);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, key + "\n");
      return key;
    } catch (IOException failed) {
      throw new StartFailure("the file '" + file + "' can't be used: " + failed, failed);
    }
  }

  @Override
  public void close() {
    try {
      lock.release();
      lockFile.close();
    } catch (IOException alreadyGone) {
      // the system releases it with the process
    }
  }
}

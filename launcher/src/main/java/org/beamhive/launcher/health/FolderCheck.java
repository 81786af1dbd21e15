package org.beamhive.launcher.health;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Whether files can be written in a folder: tried, since permissions say little about a full disk
 * or a network folder that is gone. A folder that does not answer costs one thread, not one per
 * check.
 */
final class FolderCheck implements AutoCloseable {
  private static final Optional<String> NONE = Optional.empty();

  private final Path folder;
  private final Duration timeout;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "health-folder");
            made.setDaemon(true);
            return made;
          });
  private final AtomicReference<CompletableFuture<Optional<String>>> latest =
      new AtomicReference<>(CompletableFuture.completedFuture(NONE));

  FolderCheck(Path folder, Duration timeout) {
    this.folder = folder;
    this.timeout = timeout;
  }

  /** Why no file can be written there, if it is so; never fails and answers in time. */
  CompletionStage<Optional<String>> problem() {
    CompletableFuture<Optional<String>> next = new CompletableFuture<>();
    CompletableFuture<Optional<String>> before = latest.get();
    CompletableFuture<Optional<String>> check = before;
    if (before.isDone() && latest.compareAndSet(before, next)) {
      next.completeAsync(this::tried, thread);
      check = next;
    }
    return check
        .copy()
        .completeOnTimeout(
            Optional.of(
                "the folder of the files, " + folder + ", does not answer within " + timeout),
            timeout.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private Optional<String> tried() {
    try {
      Files.createDirectories(folder);
      Path probe = Files.createTempFile(folder, ".beamhive-health-", ".tmp");
      try {
        Files.write(probe, new byte[] {'b'});
      } finally {
        Files.delete(probe);
      }
      return NONE;
    } catch (IOException | SecurityException problem) {
      return Optional.of(
          "no file can be written in "
              + folder
              + " ("
              + reason(problem)
              + "): free space on the disk or make the folder writable");
    }
  }

  /** Some exceptions of the file system give only a path: say what kind they are. */
  private static String reason(Exception problem) {
    return problem instanceof FileSystemException file && file.getReason() == null
        ? problem.getClass().getSimpleName().replace("Exception", "")
        : String.valueOf(problem.getMessage());
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}

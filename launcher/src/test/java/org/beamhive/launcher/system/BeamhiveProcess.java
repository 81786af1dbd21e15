package org.beamhive.launcher.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A beamhive command in a process of its own. */
final class BeamhiveProcess implements AutoCloseable {
  private final Process process;
  private final Path output;

  private BeamhiveProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts a command; its output goes to a file in the folder. */
  static BeamhiveProcess start(Path folder, String name, List<String> arguments) {
    return start(
        folder,
        name,
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        arguments);
  }

  /** Starts a command of the Beamhive on another class path. */
  static BeamhiveProcess start(Path folder, String name, String classPath, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", classPath));
    command.add("org.beamhive.launcher.Main");
    command.addAll(arguments);
    try {
      Files.createDirectories(folder);
      Path output = Files.createTempFile(folder, name, ".out");
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      return new BeamhiveProcess(process, output);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Waits for "Ready". */
  BeamhiveProcess ready() {
    await(Pattern.compile("(?m)^Ready$"), Duration.ofSeconds(180));
    return this;
  }

  /** What the process printed under this heading. */
  String printed(String heading) {
    return await(Pattern.compile("(?m)^" + heading + "\\s+(\\S+)$"), Duration.ofSeconds(60));
  }

  private String await(Pattern wanted, Duration atMost) {
    return Await.until(
        "'" + wanted + "' in the output of " + output.getFileName(),
        atMost,
        () -> {
          Matcher found = wanted.matcher(output());
          if (found.find()) {
            return found.groupCount() == 0 ? found.group() : found.group(1);
          }
          if (!process.isAlive()) {
            throw new AssertionError("ended with " + process.exitValue() + ":\n" + output());
          }
          return null;
        });
  }

  String output() {
    try {
      return Files.readString(output);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** kill -9. */
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(60));
  }

  /** SIGTERM. */
  void terminate() {
    process.destroy();
  }

  int awaitExit(Duration atMost) {
    try {
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("still there after " + atMost + ":\n" + output());
      }
      return process.exitValue();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }
}

package org.beamhive.launcher.beamline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.beamhive.launcher.StartFailure;

/**
 * A beamhive command in a process of its own, which outlives this one. Its folder has its output
 * ({@code NAME.log}) and its process id ({@code NAME.pid}), by which it is found again.
 */
public final class NodeProcess {
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final int TAIL = 2000;

  private final String name;
  private final ProcessHandle process;
  private final Path log;

  private NodeProcess(String name, ProcessHandle process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one.
   *
   * @param name what it is called here
   * @param folder where its output and process id are written
   * @param arguments of the command line
   * @param environment variables besides this process's own
   */
  public static NodeProcess start(
      String name, Path folder, List<String> arguments, Map<String, String> environment) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // several on one machine: little memory and quick to start count more than peak speed
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx512m", "-XX:TieredStopAtLevel=1"));
    command.add("-XX:+ExitOnOutOfMemoryError");
    // its output is its log
    command.add("-Dbeamhive.console.level=INFO");
    command.addAll(List.of("-cp", classPath(), "org.beamhive.launcher.Main"));
    command.addAll(arguments);
    try {
      Files.createDirectories(folder);
      Path log = folder.resolve(name + ".log");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
      builder.environment().putAll(environment);
      ProcessHandle process = builder.start().toHandle();
      Files.writeString(pidFile(folder, name), process.pid() + " " + startOf(process));
      return new NodeProcess(name, process, log);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** The one that was started under this name in this folder, if it is still there. */
  public static Optional<NodeProcess> find(String name, Path folder) {
    Path file = pidFile(folder, name);
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      String[] words = Files.readString(file).strip().split(" ");
      return ProcessHandle.of(Long.parseLong(words[0]))
          .filter(ProcessHandle::isAlive)
          // a process id is used again
          .filter(process -> Long.toString(startOf(process)).equals(words[1]))
          .map(process -> new NodeProcess(name, process, folder.resolve(name + ".log")));
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException unreadable) {
      return Optional.empty();
    }
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static Path pidFile(Path folder, String name) {
    return folder.resolve(name + ".pid");
  }

  /** What it is called here. */
  public String name() {
    return name;
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it runs, or stands still. */
  public boolean alive() {
    return process.isAlive();
  }

  /** All that it has printed. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /**
   * Waits until it is ready.
   *
   * @throws StartFailure with the end of its output, if it ends before or takes too long
   */
  public NodeProcess awaitReady(Duration atMost) {
    await(Pattern.compile("(?m)^(Ready)$"), atMost);
    return this;
  }

  /** What it has printed under a heading, as {@code Node 127.0.0.1:25520}. */
  public String printed(String heading) {
    return await(Pattern.compile("(?m)^" + heading + "\\s+(\\S+)$"), Duration.ofSeconds(60));
  }

  private String await(Pattern wanted, Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      Matcher found = wanted.matcher(output());
      if (found.find()) {
        return found.group(1);
      }
      if (!alive()) {
        throw new StartFailure(name + " has ended: " + tail());
      }
      if (System.nanoTime() > deadline) {
        throw new StartFailure(
            name + " is not ready after " + atMost.toSeconds() + " s: " + tail());
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  private String tail() {
    String text = output().strip();
    return text.length() <= TAIL ? text : "..." + text.substring(text.length() - TAIL);
  }

  /** Ends it at once, as {@code kill -9} does, and waits until it is gone. */
  public void kill() {
    process.destroyForcibly();
    if (!awaitExit(Duration.ofSeconds(20))) {
      throw new IllegalStateException(name + " can't be killed");
    }
  }

  /** Tells it to end in good order (SIGTERM). */
  public void terminate() {
    process.destroy();
  }

  /** Freezes it (SIGSTOP): it does nothing and notices nothing until {@link #resume}. */
  public void freeze() {
    Signals.send("STOP", pid());
  }

  /** Lets it go on (SIGCONT). */
  public void resume() {
    Signals.send("CONT", pid());
  }

  /** Waits for its end; false if it is still there. */
  public boolean awaitExit(Duration atMost) {
    try {
      process.onExit().get(atMost.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException stillThere) {
      return false;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    } catch (java.util.concurrent.ExecutionException never) {
      throw new IllegalStateException(never);
    }
  }
}

package org.beamhive.persistence.redis;

import static org.beamhive.persistence.redis.LeasesForTest.await;

import akka.coordination.lease.javadsl.Lease;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A node as a process of its own, which can be frozen and killed. It does what it is told on its
 * input, and says what came of it on its output. It is only ever signalled by its own id, and ends
 * with its input at the latest.
 */
final class LeaseChild implements AutoCloseable {

  private static final String SAYS = "> ";

  private final Process process;
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

  private LeaseChild(Process process) {
    this.process = process;
    Thread thread = new Thread(this::read, "lease-child");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * @param settings lines of configuration
   */
  static LeaseChild start(String owner, String lease, String... settings) throws IOException {
    // Everything on the class path of tests, however it was given to this process.
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    LeaseChild child =
        new LeaseChild(
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-Xshare:auto",
                    "-cp",
                    classPath,
                    LeaseChild.class.getName(),
                    owner,
                    lease,
                    String.join("\n", settings))
                .redirectError(ProcessBuilder.Redirect.to(new File("/dev/null")))
                .start());
    child.hear("ready");
    return child;
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(SAYS)) {
          said.add(line.substring(SAYS.length()));
        }
      }
    } catch (IOException ended) {
      // It was killed while it wrote.
    }
  }

  /** Tells it to do something, and returns what it says next. */
  String ask(String order) throws InterruptedException {
    tell(order);
    return hear();
  }

  void tell(String order) {
    PrintStream out = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    out.println(order);
  }

  String hear() throws InterruptedException {
    String line = said.poll(60, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("The child says nothing; does it live: " + process.isAlive());
    }
    return line;
  }

  private void hear(String expected) {
    try {
      String line = hear();
      if (!line.equals(expected)) {
        throw new AssertionError("The child says " + line);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** SIGSTOP; returns when none of its threads runs any more, which takes its time. */
  void freeze() {
    signal("STOP");
    Path threads = Path.of("/proc", Long.toString(process.pid()), "task");
    Eventually.is(() -> allStopped(threads), () -> "all threads are stopped");
  }

  private static boolean allStopped(Path threads) {
    try (Stream<Path> all = Files.list(threads)) {
      return all.allMatch(
          thread -> {
            try {
              return Files.readString(thread.resolve("status")).contains("State:\tT");
            } catch (IOException ended) {
              return true;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGCONT. */
  void thaw() {
    signal("CONT");
  }

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly();
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("SIG" + name + " could not be sent");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }

  /** The child itself. */
  public static void main(String[] args) throws Exception {
    Config config =
        ConfigFactory.parseString(args[2] + "\nakka.loglevel = ERROR")
            .withFallback(ConfigFactory.load());
    LeasesForTest node = new LeasesForTest(args[0], config);
    Lease lease = node.lease(args[1]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    out.println(SAYS + "ready");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      out.println(SAYS + answer(order, lease, out));
    }
    Runtime.getRuntime().halt(0);
  }

  private static String answer(String order, Lease lease, PrintStream out) {
    try {
      return switch (order) {
        case "acquire" -> String.valueOf(await(lease.acquire(reason -> lost(reason, out))));
        case "check" -> String.valueOf(lease.checkLease());
        default -> throw new IllegalArgumentException(order);
      };
    } catch (Exception failed) {
      // its parent would wait for an answer in vain
      return failed.toString();
    }
  }

  private static void lost(Optional<Throwable> reason, PrintStream out) {
    out.println(SAYS + reason.orElseThrow().getMessage());
  }
}

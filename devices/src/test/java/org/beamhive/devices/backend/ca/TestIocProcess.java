package org.beamhive.devices.backend.ca;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link TestIoc} in a process of its own, which can be killed and frozen. */
final class TestIocProcess implements AutoCloseable {
  private final Process process;
  private final int port;

  private TestIocProcess(int wanted) throws IOException {
    process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx64m",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    TestIocProcess.class.getName(),
                    Integer.toString(wanted)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    port = Integer.parseInt(out.readLine());
  }

  /** Serves {@code T:number}, in mm, and {@code T:busy}, whose puts never complete. */
  static TestIocProcess start(int port) throws IOException {
    return new TestIocProcess(port);
  }

  int port() {
    return port;
  }

  void freeze() throws Exception {
    signal("-STOP");
  }

  void thaw() throws Exception {
    signal("-CONT");
  }

  private void signal(String what) throws Exception {
    int end = new ProcessBuilder("kill", what, Long.toString(process.pid())).start().waitFor();
    if (end != 0) {
      throw new IOException("kill " + what + " has failed");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
  }

  /** Ends with who started it. */
  public static void main(String[] args) throws IOException {
    TestIoc ioc =
        TestIoc.start(
            Integer.parseInt(args[0]),
            TestPv.of("T:number", 1).units("mm", 3),
            TestPv.of("T:busy", 0).onPut(done -> null));
    System.out.println(ioc.port());
    System.out.flush();
    while (System.in.read() >= 0) {
      // nothing is said to it
    }
    System.exit(0);
  }
}

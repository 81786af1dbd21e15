package org.beamhive.launcher.bench;

import com.cosylab.epics.caj.cas.CAJServerContext;
import com.cosylab.epics.caj.cas.CountZeroFix;
import com.cosylab.epics.caj.cas.handlers.AbstractCASResponseHandler;
import com.cosylab.epics.caj.cas.util.DefaultServerImpl;
import com.cosylab.epics.caj.cas.util.FloatingDecimalProcessVariable;
import com.cosylab.epics.caj.impl.CATransportRegistry;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.Monitor;
import gov.aps.jca.cas.ProcessVariableReadCallback;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.cas.Server;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A Channel Access server in a process of its own, with many numbers that do nothing, {@code
 * BENCH:pv0} and so on, and {@code BENCH:rate}: what is put there is the number of events a second
 * that it posts, to one of the first {@link #POSTED} after the other.
 */
final class BenchIoc implements AutoCloseable {
  static final String RATE = "BENCH:rate";
  static final String PV = "BENCH:pv%d";
  static final int POSTED = 1000;

  private final Process process;
  private final String address;

  private BenchIoc(int pvs) throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                BenchIoc.class.getName(),
                Integer.toString(pvs))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String port =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    if (port == null) {
      throw new IOException("the IOC of the benchmark has not started");
    }
    address = "127.0.0.1:" + port;
  }

  static BenchIoc start(int pvs) {
    try {
      return new BenchIoc(pvs);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  String address() {
    return address;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Serves until its input ends: it doesn't outlive who started it. */
  public static void main(String[] arguments) throws CAException, IOException {
    DefaultServerImpl names = new DefaultServerImpl();
    List<Pv> posted = new ArrayList<>();
    int pvs = Integer.parseInt(arguments[0]);
    for (int i = 0; i < pvs; i++) {
      Pv pv = new Pv(PV.formatted(i));
      names.registerProcessVariable(pv);
      if (i < POSTED) {
        posted.add(pv);
      }
    }
    Pv rate = new Pv(RATE);
    names.registerProcessVariable(rate);
    Context context = new Context();
    context.initialize(names);
    daemon("poster", () -> post(rate, posted));
    daemon("server", () -> serve(context));
    System.out.println(context.getUdpServerPort());
    System.out.flush();
    while (System.in.read() >= 0) {
      // nothing is said to it
    }
    System.exit(0);
  }

  private static void daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void serve(Context context) {
    try {
      context.run(0);
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** Evenly, each millisecond its part. */
  private static void post(Pv rate, List<Pv> posted) {
    double due = 0;
    int at = 0;
    long last = System.nanoTime();
    while (true) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      long now = System.nanoTime();
      // after a halt it doesn't make up for all that it has missed
      due += rate.value * Math.min(now - last, TimeUnit.MILLISECONDS.toNanos(20)) / 1e9;
      last = now;
      for (; due >= 1; due--) {
        Pv pv = posted.get(at++ % posted.size());
        pv.post(pv.value + 1);
      }
    }
  }

  /** A number; a put of it is complete at once. */
  private static final class Pv extends FloatingDecimalProcessVariable {
    private static final long EPICS_EPOCH = 631152000L;
    private volatile double value;

    Pv(String name) {
      super(name, null);
    }

    @Override
    public DBRType getType() {
      return DBRType.DOUBLE;
    }

    @Override
    public String getUnits() {
      return "mm";
    }

    @Override
    public short getPrecision() {
      return 3;
    }

    void post(double next) {
      value = next;
      if (interest && eventCallback != null) {
        DBR event = AbstractCASResponseHandler.createDBRforReading(this);
        fill(event);
        eventCallback.postEvent(Monitor.VALUE | Monitor.LOG, event);
      }
    }

    @Override
    protected CAStatus readValue(DBR answer, ProcessVariableReadCallback later) {
      fill(answer);
      return CAStatus.NORMAL;
    }

    @Override
    protected CAStatus writeValue(DBR put, ProcessVariableWriteCallback later) {
      post(((double[]) put.getValue())[0]);
      return CAStatus.NORMAL;
    }

    private void fill(DBR answer) {
      ((double[]) answer.getValue())[0] = value;
      long millis = System.currentTimeMillis();
      ((TIME) answer)
          .setTimeStamp(new TimeStamp(millis / 1000 - EPICS_EPOCH, millis % 1000 * 1_000_000));
    }
  }

  /** The server, set up here and by no file or system property. */
  private static final class Context extends CAJServerContext {
    private final CATransportRegistry mended = new CountZeroFix.Registry(new CountZeroFix.Gate());

    Context() {
      beaconAddressList = "127.0.0.1";
      autoBeaconAddressList = false;
      tcpServerPort = 0;
      udpServerPort = 0;
    }

    @Override
    protected void initializeLogger() {
      logger = Logger.getAnonymousLogger();
      logger.setLevel(Level.OFF);
    }

    @Override
    protected void loadConfiguration() {
      // nothing from outside
    }

    @Override
    public CATransportRegistry getTransportRegistry() {
      return mended;
    }

    @Override
    public synchronized void initialize(Server server) throws CAException {
      super.initialize(server);
      transportRegistry = mended;
    }
  }
}

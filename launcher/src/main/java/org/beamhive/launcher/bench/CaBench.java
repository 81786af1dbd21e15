package org.beamhive.launcher.bench;

import gov.aps.jca.CAException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.beamhive.launcher.EndWithProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "ca",
    description = {
      "Channel Access: our layer against the library alone (CAJ), in turn. Gets and puts with completion, many",
      "at a time and one by one; monitor events into actors; how long 10,000 PVs take to connect, and their",
      "heap; and the time per point of a scan against the sum of its round trips. The IOC is a process of its",
      "own, unless another one is named."
    })
final class CaBench implements Callable<Integer> {
  private static final List<String> CASES = List.of("get", "put", "monitors", "pvs", "scan");

  /** Those that need only PVs that can be read and written. */
  private static final List<String> ANYWHERE = List.of("get", "put", "pvs");

  private static final int GETS_IN_FLIGHT = 1000;
  private static final int PUTS_IN_FLIGHT = 100;
  private static final int SCAN_POINTS = 100;

  @Spec private CommandSpec spec;

  @Option(names = "--case", paramLabel = "CASE", description = "Only this case; default: all.")
  private String only;

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description =
          "Use this IOC for the cases get, put and pvs, and leave out the others. It is written to!")
  private String address;

  @Option(
      names = "--pv",
      paramLabel = "PATTERN",
      defaultValue = BenchIoc.PV,
      description =
          "The numbers of that IOC, with %%d for 0, 1 and so on. Default ${DEFAULT-VALUE}.")
  private String pattern;

  @Option(
      names = "--pvs",
      paramLabel = "N",
      defaultValue = "10000",
      description = "PVs of the case pvs. Default ${DEFAULT-VALUE}.")
  private int pvs;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "Gets or puts per round, and a twentieth of it one by one. Default ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "50000",
      description = "Monitor events a second that the IOC posts. Default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "4",
      description = "How long monitor events are counted, per round. Default ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Default ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(names = "--json", description = "One line of JSON per metric.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws Exception {
    List<String> allowed = address == null ? CASES : ANYWHERE;
    if (only != null && !allowed.contains(only)) {
      throw wrong("--case", only, String.join(", ", allowed));
    }
    requirePositive("--pvs", pvs);
    requirePositive("--requests", requests);
    requirePositive("--rate", rate);
    requirePositive("--seconds", seconds);
    requirePositive("--repeats", repeats);
    if (!pattern.contains("%d")) {
      throw wrong("--pv", pattern, "names with %d");
    }
    List<String> chosen =
        allowed.stream().filter(name -> only == null || name.equals(only)).toList();
    if (address != null) {
      measureAll(chosen, address);
      return 0;
    }
    BenchIoc ioc = BenchIoc.start(Math.max(pvs, BenchIoc.POSTED));
    AutoCloseable ending = EndWithProcess.register(ioc);
    try {
      measureAll(chosen, ioc.address());
    } finally {
      ending.close();
    }
    return 0;
  }

  private void measureAll(List<String> names, String at) throws Exception {
    for (String name : names) {
      switch (name) {
        case "get", "put" -> {
          try (CaRequestsCase asking = requests(name.equals("put"), at)) {
            measure(name, asking);
          }
        }
        case "monitors" -> {
          List<String> posted = CaClients.names(pattern, BenchIoc.POSTED);
          try (CaMonitorsCase monitors = new CaMonitorsCase(at, posted, rate, seconds)) {
            measure(name, monitors);
          }
        }
        case "pvs" -> measure(name, new CaPvsCase(at, CaClients.names(pattern, pvs)));
        default -> scan();
      }
    }
  }

  private CaRequestsCase requests(boolean puts, String at) throws CAException {
    int most = puts ? PUTS_IN_FLIGHT : GETS_IN_FLIGHT;
    // each PV has one under way
    List<String> names = CaClients.names(pattern, Math.min(most, pvs));
    return new CaRequestsCase(at, names, puts, requests);
  }

  private void scan() throws Exception {
    TemporaryFolder folder = TemporaryFolder.create();
    CaScanCase scan = new CaScanCase(folder.path(), SCAN_POINTS);
    AutoCloseable ending =
        EndWithProcess.register(
            () -> {
              scan.close();
              folder.close();
            });
    try {
      measure("scan", scan);
    } finally {
      ending.close();
    }
  }

  private void measure(String name, MeasuredCase measured) {
    List<List<Figure>> rounds = new ArrayList<>();
    // the first round warms up
    for (int i = 0; i <= repeats; i++) {
      List<Figure> round = measured.round();
      if (i > 0) {
        rounds.add(round);
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    for (Metric metric : Metric.of("ca", name, rounds)) {
      out.println(json ? metric.json() : metric.text());
    }
    out.flush();
  }

  private void requirePositive(String option, Number given) {
    if (!(given.doubleValue() > 0)) {
      throw wrong(option, given, "more than 0");
    }
  }

  private ParameterException wrong(String option, Object given, String allowed) {
    return new ParameterException(
        spec.commandLine(), option + " " + given + ": allowed are " + allowed);
  }
}

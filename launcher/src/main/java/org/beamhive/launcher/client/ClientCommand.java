package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What all client commands share: the server's address and key, the output, and the exit code: 0
 * done, 1 refused or unreachable, 2 wrong usage.
 */
abstract class ClientCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = {
        "The gateway, or several with commas: the next one is asked if one doesn't answer;",
        "default ${DEFAULT-VALUE} (or the environment's BEAMHIVE_URL)."
      },
      defaultValue = "${env:BEAMHIVE_URL:-http://127.0.0.1:60610}")
  private String url;

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      description =
          "Its key; default: the environment's BEAMHIVE_API_KEY, else the file api-key in the data"
              + " folder.")
  private String apiKey;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "The server's data folder; default ${DEFAULT-VALUE}.",
      defaultValue = "beamhive-data")
  private Path dataDir;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "PEM file of the CA to trust for https; default: the environment's BEAMHIVE_CA, else those"
              + " that Java trusts.")
  private Path ca;

  @Option(names = "--json", description = "Print the server's JSON.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public final Integer call() {
    try {
      return run(new ApiClient(url, key(), Optional.ofNullable(ca).or(ApiClient::environmentCa)));
    } catch (ClientException e) {
      spec.commandLine().getErr().println(e.getMessage());
      spec.commandLine().getErr().flush();
      return CommandLine.ExitCode.SOFTWARE;
    } finally {
      out().flush();
    }
  }

  /** Does it; returns the exit code. */
  abstract int run(ApiClient api);

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  final boolean json() {
    return json;
  }

  final void print(JsonNode answer) {
    out().println(answer);
  }

  /** Wrong usage: prints the sentence and the usage, exit code 2. */
  final CommandLine.ParameterException usage(String sentence) {
    return new CommandLine.ParameterException(spec.commandLine(), sentence);
  }

  /** Refuses what looks like an option but is none, and begins no number either. */
  final void refuseUnknownOptions(List<String> words) {
    for (String word : words) {
      if (word.matches("-[^\\d.].*")) {
        throw usage("Unknown option: '" + word + "'");
      }
    }
  }

  private Optional<String> key() {
    if (apiKey != null) {
      return Optional.of(apiKey);
    }
    String environment = System.getenv("BEAMHIVE_API_KEY");
    if (environment != null && !environment.isBlank()) {
      return Optional.of(environment.strip());
    }
    Path file = dataDir.resolve("api-key");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (IOException e) {
      throw new ClientException("The API key can't be read from " + file + ": " + e.getMessage());
    }
  }
}

package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ends the running plan: pauses it at once, then stops or aborts it. */
abstract class EndCommand extends ClientCommand {
  private final String how;

  private EndCommand(String how) {
    this.how = how;
  }

  @Override
  int run(ApiClient api) {
    JsonNode entry = new QueueClient(api).end(how);
    if (json()) {
      print(entry);
    } else {
      out().println(Show.ended(entry));
    }
    return 0;
  }

  @Command(
      name = "stop",
      description = {
        "Stops everything: every device at once, whatever it does and whoever has it, then the running plan.",
        "A plan that was moving a device fails. To end a plan in good order, so that what it has measured counts as a",
        "success, use --plan."
      },
      footer = {
        "",
        "Examples:",
        "  beamhive stop",
        "  beamhive stop --plan",
        "  beamhive stop --devices"
      })
  static final class Stop extends EndCommand {
    @Option(
        names = "--devices",
        description = "The devices only, whatever the queue does or whether it is there at all.")
    private boolean devices;

    @Option(
        names = "--plan",
        description = "The running plan only, in good order; what it measured counts as a success.")
    private boolean plan;

    Stop() {
      super("stop");
    }

    @Override
    int run(ApiClient api) {
      if (devices && plan) {
        throw usage("Give --devices or --plan, or neither for both.");
      }
      if (plan) {
        return super.run(api);
      }
      // first, and without a look at anything else: what moves must not wait for a queue
      JsonNode answer =
          api.ask(
              "/api/devices/stop", ApiClient.object().put("user", System.getProperty("user.name")));
      if (json()) {
        print(answer);
      } else {
        out().println("Told " + Show.devices(answer.path("devices").size()) + " to stop.");
      }
      out().flush();
      if (!devices) {
        endPlan(api);
      }
      if (!answer.path("success").asBoolean()) {
        throw new ClientException(answer.path("msg").asText());
      }
      return 0;
    }

    private void endPlan(ApiClient api) {
      QueueClient queue = new QueueClient(api);
      String item = running(queue);
      if (item.isEmpty()) {
        return;
      }
      JsonNode entry;
      try {
        entry = queue.end("stop");
      } catch (ClientException refused) {
        // it may have failed by itself meanwhile, since its devices were stopped
        if (running(queue).equals(item)) {
          throw refused;
        }
        entry = queue.ended(item, true, status -> {});
      }
      if (json()) {
        print(entry);
      } else {
        out().println(Show.ended(entry));
      }
    }

    private static String running(QueueClient queue) {
      JsonNode uid = queue.status().path("running_item_uid");
      return uid.isTextual() ? uid.asText() : "";
    }
  }

  @Command(
      name = "abort",
      description = "Ends the running plan in good order, marked as aborted; it is queued again.",
      footer = {"", "Examples:", "  beamhive abort"})
  static final class Abort extends EndCommand {
    Abort() {
      super("abort");
    }
  }
}

package org.beamhive.launcher.health;

import akka.Done;
import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.beamhive.actors.filewriter.actor.FileWriterSettings;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.web.NodeState;
import org.beamhive.actors.web.Readiness;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * What is missing on this node, by what its roles need: membership and the journal for each, the
 * queue for control and gateway, the folder of the files for storage. Devices that are not
 * connected are told, but scans that don't need them can run.
 */
public final class NodeHealth implements NodeState, AutoCloseable {
  /** No run has this uid: reading it asks the journal and brings nothing. */
  private static final RunUid NO_RUN = new RunUid("health");

  private final ActorSystem<?> system;
  private final Parts parts;
  private final Optional<FolderCheck> folder;

  /**
   * What is asked.
   *
   * @param node the node's roles
   * @param timeout how long each part may take
   * @param files where a storage node writes
   * @param guardian asks the root of the actor system to answer
   * @param journal the stored runs
   * @param queue the queue, wherever it is
   * @param directory the list of devices, wherever it is
   * @param metrics the node's figures
   */
  public record Parts(
      NodeSettings node,
      Duration timeout,
      FileWriterSettings files,
      Function<Duration, CompletionStage<Done>> guardian,
      RunJournal journal,
      ActorRef<ScanQueueProtocol.Request> queue,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      Supplier<String> metrics) {}

  /** The health of a node. */
  public NodeHealth(ActorSystem<?> system, Parts parts) {
    this.system = system;
    this.parts = parts;
    this.folder =
        parts.node().has("storage")
            ? Optional.of(new FolderCheck(parts.files().basePath(), parts.timeout()))
            : Optional.empty();
  }

  @Override
  public void close() {
    folder.ifPresent(FolderCheck::close);
  }

  @Override
  public String metrics() {
    return parts.metrics().get();
  }

  @Override
  public CompletionStage<Done> answers() {
    return inTime(parts.guardian().apply(parts.timeout()))
        .exceptionally(
            failure -> {
              throw new CompletionException(
                  new IllegalStateException(silent(parts.timeout()), failure));
            });
  }

  static String silent(Duration timeout) {
    return "the actor system does not answer within " + timeout.toMillis() + " ms";
  }

  @Override
  public CompletionStage<Readiness> readiness() {
    Map<String, String> problems = new ConcurrentSkipListMap<>();
    Map<String, String> information = new ConcurrentSkipListMap<>();
    cluster(problems);
    CompletableFuture<?>[] checks =
        Stream.of(journal(problems), queue(problems), files(problems), devices(information))
            .map(CompletionStage::toCompletableFuture)
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(checks).thenApply(all -> new Readiness(problems, information));
  }

  // ------------------------------------------------------------------ for each role

  private void cluster(Map<String, String> problems) {
    Cluster cluster = Cluster.get(system);
    Member self = cluster.selfMember();
    if (!self.status().equals(MemberStatus.up())) {
      problems.put(
          "cluster",
          "this node is not a member of the cluster: "
              + self.status().toString().toLowerCase(Locale.ROOT));
    }
    String unreachable =
        cluster.state().getUnreachable().stream()
            .map(member -> text(member.address()))
            .sorted()
            .collect(Collectors.joining(", "));
    if (!unreachable.isEmpty()) {
      problems.put("unreachable", "nodes that can't be reached from here: " + unreachable);
    }
  }

  private CompletionStage<?> journal(Map<String, String> problems) {
    return inTime(parts.journal().read(NO_RUN, 1, 1))
        .handle(
            (entries, failure) ->
                failure == null
                    ? null
                    : problems.put("journal", "the journal in Redis " + because(failure)));
  }

  private CompletionStage<?> queue(Map<String, String> problems) {
    if (!parts.node().has("control") && !parts.node().has("gateway")) {
      return nothing();
    }
    return inTime(
            AskPattern.<ScanQueueProtocol.Request, QueueStatus>ask(
                parts.queue(),
                ScanQueueProtocol.GetStatus::new,
                parts.timeout(),
                system.scheduler()))
        .handle(
            (status, failure) ->
                failure == null ? null : problems.put("queue", "the queue " + because(failure)));
  }

  private CompletionStage<?> files(Map<String, String> problems) {
    return folder
        .<CompletionStage<?>>map(
            check ->
                check
                    .problem()
                    .thenAccept(
                        found -> found.ifPresent(problem -> problems.put("files", problem))))
        .orElseGet(NodeHealth::nothing);
  }

  private CompletionStage<?> devices(Map<String, String> information) {
    if (parts.node().hutch().isEmpty()) {
      return nothing();
    }
    return inTime(
            AskPattern.<DeviceDirectoryProtocol.Request, DeviceDirectoryProtocol.Devices>ask(
                parts.directory(),
                DeviceDirectoryProtocol.GetDevices::new,
                parts.timeout(),
                system.scheduler()))
        .handle(
            (known, failure) ->
                failure == null
                    ? tellDevices(known, information)
                    : information.put("devices", "the list of devices " + because(failure)));
  }

  private String tellDevices(
      DeviceDirectoryProtocol.Devices known, Map<String, String> information) {
    String hutch = parts.node().hutch().orElseThrow();
    String missing =
        known.devices().stream()
            .filter(device -> device.hutch().value().equals(hutch))
            .filter(device -> device.state() == DeviceView.State.CONNECTING)
            .map(device -> device.name().value())
            .sorted()
            .collect(Collectors.joining(", "));
    return missing.isEmpty() ? null : information.put("devices", "not connected: " + missing);
  }

  // ------------------------------------------------------------------ time

  private static CompletionStage<?> nothing() {
    return CompletableFuture.completedFuture(null);
  }

  /** Time-outs of Akka need its threads, which may be stuck: this one needs none of them. */
  private <T> CompletionStage<T> inTime(CompletionStage<T> stage) {
    return stage
        .toCompletableFuture()
        .copy()
        .orTimeout(parts.timeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  private String because(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof TimeoutException
        ? "does not answer within " + parts.timeout().toMillis() + " ms"
        : "does not answer: " + cause.getMessage();
  }

  private static String text(Address address) {
    return address.getHost().orElse("") + ":" + address.getPort().map(Object::toString).orElse("");
  }
}

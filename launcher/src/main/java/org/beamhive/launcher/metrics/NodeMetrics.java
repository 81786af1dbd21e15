package org.beamhive.launcher.metrics;

import akka.actor.typed.ActorSystem;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.beamhive.actors.queue.QueueMeasures;
import org.beamhive.actors.run.RunMeasures;
import org.beamhive.devices.actor.DeviceMeasures;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.queue.QueueStatus;

/**
 * All figures of one node: their names, labels and meanings.
 *
 * <p>What happens often is counted as it happens, by a few additions each; what is a state is
 * looked up when somebody asks. A part that is not on this node (the queue, devices) has no figures
 * here, so that sums over all nodes count it once.
 */
public final class NodeMetrics implements RunMeasures, QueueMeasures, DeviceMeasures {
  private static final double NANOS = 1e9;

  /** Of a device command, seconds: from a simulated reading to a long exposure or move. */
  private static final double[] COMMAND_BOUNDS = {0.001, 0.01, 0.1, 1, 10, 100};

  /** Of a write to the journal, seconds. */
  private static final double[] APPEND_BOUNDS = {
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5
  };

  private static final List<String> WORKER_STATES =
      List.of("none", "idle", "running", "pausing", "paused", "stopping", "aborting", "halting");

  private static final List<String> MEMBER_STATUSES =
      List.of("joining", "weaklyup", "up", "leaving", "exiting", "down");

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Set<String> followers;
  private final AtomicReference<Queue> queue = new AtomicReference<>();
  private final Map<String, Long> lags = new ConcurrentHashMap<>();
  private final Counter itemsEnded;
  private final Counter points;
  private final Histogram appends;
  private final Histogram commands;
  private final Counter commandFailures;

  /** What the queue has told last. */
  private record Queue(QueueStatus status, Map<String, Long> unfollowed) {}

  /**
   * The figures of a node.
   *
   * @param beamline name of the beamline
   * @param version of the program
   * @param followers who must take in every run, by name
   */
  public NodeMetrics(String beamline, String version, Set<String> followers) {
    this.followers = Set.copyOf(followers);
    JvmMetrics.builder().register(registry);
    Info.builder()
        .name("beamhive_node_info")
        .help("The beamline and the version of this node.")
        .labelNames("beamline", "version")
        .register(registry)
        .setLabelValues(beamline, version);
    itemsEnded =
        Counter.builder()
            .name("beamhive_items_ended_total")
            .help("Items of the queue that have ended, by how.")
            .labelNames("exit_status")
            .register(registry);
    points =
        Counter.builder()
            .name("beamhive_points_recorded_total")
            .help("Points that are durable in their run's log, by stream.")
            .labelNames("stream")
            .register(registry);
    appends =
        Histogram.builder()
            .name("beamhive_journal_append_seconds")
            .help("Time of a run log's write to the journal, to its confirmation.")
            .classicOnly()
            .classicUpperBounds(APPEND_BOUNDS)
            .register(registry);
    commands =
        Histogram.builder()
            .name("beamhive_device_command_seconds")
            .help("Time of a device's command (read, set, trigger) that has ended well.")
            .labelNames("device", "command")
            .classicOnly()
            .classicUpperBounds(COMMAND_BOUNDS)
            .register(registry);
    commandFailures =
        Counter.builder()
            .name("beamhive_device_command_failures_total")
            .help("Commands of a device (read, set, trigger) that have failed.")
            .labelNames("device", "command")
            .register(registry);
    queueGauges();
  }

  private void queueGauges() {
    GaugeWithCallback.builder()
        .name("beamhive_queue_items")
        .help("Items that wait in the queue; on the node where the queue is.")
        .callback(
            told -> {
              Queue now = queue.get();
              if (now != null) {
                told.call(now.status().itemsInQueue());
              }
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("beamhive_worker_state")
        .help("1 for the state that the worker is in, 0 for others; where the queue is.")
        .labelNames("state")
        .callback(
            told -> {
              Queue now = queue.get();
              if (now != null) {
                String state = now.status().reState() == null ? "none" : now.status().reState();
                WORKER_STATES.forEach(each -> told.call(each.equals(state) ? 1 : 0, each));
              }
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("beamhive_runs_unfollowed")
        .help("Runs that a follower has not taken in to their end; where the queue is.")
        .labelNames("follower")
        .callback(
            told -> {
              Queue now = queue.get();
              if (now != null) {
                followers.forEach(name -> told.call(now.unfollowed().getOrDefault(name, 0L), name));
              }
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("beamhive_follower_lag_entries")
        .help("Durable entries of the running run that a follower has not asked for yet.")
        .labelNames("follower")
        .callback(told -> lags.forEach((name, entries) -> told.call(entries, name)))
        .register(registry);
  }

  /**
   * Adds what is looked up in a running actor system.
   *
   * @param devices whether this node has devices
   */
  public void watch(ActorSystem<?> system, boolean devices) {
    GaugeWithCallback.builder()
        .name("beamhive_cluster_members")
        .help("Nodes of the cluster as this one sees them, by status.")
        .labelNames("status")
        .callback(
            told -> {
              Map<String, Long> members = members(Cluster.get(system).state());
              MEMBER_STATUSES.forEach(
                  status -> told.call(members.getOrDefault(status, 0L), status));
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("beamhive_cluster_unreachable_members")
        .help("Nodes of the cluster that this one can't reach.")
        .callback(told -> told.call(Cluster.get(system).state().getUnreachable().size()))
        .register(registry);
    Mailboxes mailboxes = new Mailboxes(system);
    GaugeWithCallback.builder()
        .name("beamhive_mailbox_messages")
        .help("Messages that wait for the actors of this node, by kind of actor.")
        .labelNames("actor")
        .callback(told -> mailboxes.waiting().forEach((actor, count) -> told.call(count, actor)))
        .register(registry);
    if (devices) {
      GaugeWithCallback.builder()
          .name("beamhive_channel_access_channels")
          .help("Channel Access channels of this node's devices: connected or searched for.")
          .labelNames("state")
          .callback(
              told -> {
                DeviceSharding.Channels channels = DeviceSharding.channels(system);
                told.call(channels.connected(), "connected");
                told.call(channels.notConnected(), "searching");
              })
          .register(registry);
    }
  }

  private static Map<String, Long> members(CurrentClusterState state) {
    Map<String, Long> members = new TreeMap<>();
    for (Member member : state.getMembers()) {
      members.merge(member.status().toString().toLowerCase(Locale.ROOT), 1L, Long::sum);
    }
    return members;
  }

  /** All figures as they are now, in Prometheus' text format. */
  public String text() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(16 << 10);
    try {
      PrometheusTextFormatWriter.create().write(text, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  // ------------------------------------------------------------------ the queue

  @Override
  public void changed(QueueStatus status, Collection<List<String>> unfollowed) {
    Map<String, Long> missing = new TreeMap<>();
    unfollowed.forEach(names -> names.forEach(name -> missing.merge(name, 1L, Long::sum)));
    queue.set(new Queue(status, missing));
  }

  @Override
  public void itemEnded(String exitStatus) {
    itemsEnded.labelValues(exitStatus).inc();
  }

  @Override
  public void gone() {
    queue.set(null);
  }

  // ------------------------------------------------------------------ runs

  @Override
  public Set<String> followers() {
    return followers;
  }

  @Override
  public void appended(long nanos) {
    appends.observe(nanos / NANOS);
  }

  @Override
  public void recorded(String stream, long count) {
    points.labelValues(stream).inc(count);
  }

  @Override
  public void behind(String follower, long entries) {
    lags.put(follower, entries);
  }

  // ------------------------------------------------------------------ devices

  @Override
  public OfDevice of(DeviceName device) {
    Map<Operation, DistributionDataPoint> times = new EnumMap<>(Operation.class);
    Map<Operation, CounterDataPoint> failures = new EnumMap<>(Operation.class);
    return new OfDevice() {
      // made when first needed: most devices can't do all of it
      @Override
      public void done(Operation operation, long nanos) {
        times
            .computeIfAbsent(operation, of -> commands.labelValues(device.value(), name(of)))
            .observe(nanos / NANOS);
      }

      @Override
      public void failed(Operation operation) {
        failures
            .computeIfAbsent(operation, of -> commandFailures.labelValues(device.value(), name(of)))
            .inc();
      }
    };
  }

  private static String name(Operation operation) {
    return operation.name().toLowerCase(Locale.ROOT);
  }
}

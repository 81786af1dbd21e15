package org.beamhive.actors.web;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import akka.stream.javadsl.Source;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * Whom the endpoint talks to.
 *
 * @param queue the queue
 * @param devices the devices
 * @param plans every plan that may be asked for
 * @param live the documents of runs
 * @param node how the node is
 * @param registry the configuration of the devices
 */
public record WebBackends(
    ActorRef<ScanQueueProtocol.Request> queue,
    DeviceAccess devices,
    List<PlanDescription> plans,
    LiveDocuments live,
    NodeState node,
    ActorRef<DeviceRegistryProtocol.Request> registry) {
  public WebBackends {
    plans = List.copyOf(plans);
  }

  /** The devices, wherever they are. */
  public interface DeviceAccess {
    /** All devices as they are now. */
    CompletionStage<DeviceDirectoryProtocol.Devices> devices();

    /** Reads a device outside any scan. */
    CompletionStage<DeviceProtocol.ReadReply> read(DeviceName device);

    /** Where to tell a device something. */
    RecipientRef<DeviceProtocol.Request> ref(DeviceView device);

    /**
     * Tells devices to stop at once, whatever they do and whoever uses them. Needs neither the
     * queue nor the journal nor the list of devices.
     *
     * @param only this device; empty for all
     * @param who asks, for the log
     */
    CompletionStage<Stopped> stop(Optional<DeviceName> only, String who);
  }

  /**
   * What has been told to stop.
   *
   * @param devices by name
   * @param notConnected those of them that may go on, since they are not connected
   * @param notStopped those of them that may go on although they are connected, and why
   * @param silent the nodes that have not answered, {@code host:port}
   * @param nodes how many nodes with devices are known
   */
  public record Stopped(
      List<String> devices,
      List<String> notConnected,
      SortedMap<String, String> notStopped,
      List<String> silent,
      int nodes) {
    public Stopped {
      devices = List.copyOf(devices);
      notConnected = List.copyOf(notConnected);
      notStopped = Collections.unmodifiableSortedMap(new TreeMap<>(notStopped));
      silent = List.copyOf(silent);
    }
  }

  /** The documents of runs as they are made. */
  @FunctionalInterface
  public interface LiveDocuments {
    /**
     * A stream of documents. It is followed with back-pressure: a slow reader must cost its own
     * speed only.
     *
     * @param fromStartOf this run from its start document on, ending with its stop document; or, if
     *     empty, all runs from now on
     */
    Source<Document, NotUsed> documents(Optional<RunUid> fromStartOf);
  }
}

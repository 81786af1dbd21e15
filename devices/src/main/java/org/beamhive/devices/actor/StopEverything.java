package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.receptionist.Receptionist;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.device.HutchStopProtocol.DevicesStopped;
import org.beamhive.protocol.device.HutchStopProtocol.Request;
import org.beamhive.protocol.device.HutchStopProtocol.StopDevices;
import org.beamhive.protocol.model.DeviceName;

/**
 * The way of a stop from a gateway to all devices of all hutches: one message to each node that has
 * some. It uses neither the list of devices nor the queue nor sharding, so it works whatever has
 * happened to those.
 */
public final class StopEverything {
  private final ActorSystem<?> system;
  private final Duration patience;
  // replaced by the subscription below, read by whoever stops
  private volatile Set<ActorRef<Request>> nodes = Set.of();

  /**
   * What has been told to stop.
   *
   * @param devices by name
   * @param notConnected those of them that may go on, since they are not connected
   * @param notStopped those of them that may go on although they are connected, and why
   * @param silent the nodes that have not answered in time, {@code host:port}: what is on them may
   *     go on
   * @param nodes how many nodes with devices are known; 0 means that nobody was told anything
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

  private StopEverything(ActorSystem<?> system, Duration patience) {
    this.system = system;
    this.patience = patience;
  }

  /**
   * Begins to look for the nodes that have devices.
   *
   * @param patience how long a node may take to answer
   */
  public static StopEverything start(ActorSystem<?> system, Duration patience) {
    StopEverything stop = new StopEverything(system, patience);
    system.systemActorOf(
        Behaviors.<Receptionist.Listing>setup(
            context -> {
              context
                  .getSystem()
                  .receptionist()
                  .tell(Receptionist.subscribe(HutchStop.KEY, context.getSelf()));
              return Behaviors.receiveMessage(
                  listing -> {
                    // the unreachable ones, too: they may only be so for the others
                    stop.nodes = Set.copyOf(listing.getAllServiceInstances(HutchStop.KEY));
                    return Behaviors.same();
                  });
            }),
        "stop-everything",
        Props.empty());
    return stop;
  }

  /**
   * Tells all devices, or one, to stop at once. Ends when all nodes have answered or the patience
   * is over.
   *
   * @param who asks, for the log
   */
  public CompletionStage<Stopped> stop(Optional<DeviceName> only, String who) {
    List<CompletableFuture<Optional<DevicesStopped>>> asked = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    for (ActorRef<Request> node : nodes) {
      addresses.add(address(node));
      asked.add(
          AskPattern.<Request, DevicesStopped>ask(
                  node,
                  replyTo -> new StopDevices(only.orElse(null), who, replyTo),
                  patience,
                  system.scheduler())
              .handle((stopped, silent) -> Optional.ofNullable(stopped))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              Set<String> devices = new TreeSet<>();
              Set<String> notConnected = new TreeSet<>();
              SortedMap<String, String> notStopped = new TreeMap<>();
              List<String> silent = new ArrayList<>();
              for (int i = 0; i < asked.size(); i++) {
                Optional<DevicesStopped> answer = asked.get(i).getNow(Optional.empty());
                answer.ifPresent(
                    stopped -> {
                      stopped.devices().forEach(one -> devices.add(one.value()));
                      stopped.notConnected().forEach(one -> notConnected.add(one.value()));
                      stopped
                          .notStopped()
                          .forEach(one -> notStopped.put(one.device().value(), one.because()));
                    });
                if (answer.isEmpty()) {
                  silent.add(addresses.get(i));
                }
              }
              return new Stopped(
                  List.copyOf(devices),
                  List.copyOf(notConnected),
                  notStopped,
                  silent,
                  asked.size());
            });
  }

  /** How many nodes with devices are known. */
  int nodes() {
    return nodes.size();
  }

  private static String address(ActorRef<Request> node) {
    var address = node.path().address();
    return address.getHost().isPresent()
        ? address.getHost().get() + ":" + address.getPort().get()
        : "this node";
  }
}

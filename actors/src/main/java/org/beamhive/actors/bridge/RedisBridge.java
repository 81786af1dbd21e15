package org.beamhive.actors.bridge;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.SingletonActor;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.Close;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.Command;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.FollowRun;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.Internal;
import org.beamhive.protocol.bridge.RedisBridgeProtocol.Request;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;

/**
 * Publishes in Redis what happens: the documents of every run, the state of the queue and of the
 * devices, for programs outside.
 *
 * <p>One per beamline, on a gateway. It has a publisher per run, several at once, and one for the
 * states; it only knows who asked for which run and answers when that run is published to its end.
 * If Redis is away, the publishers wait and try again; what is published is Redis' own knowledge,
 * so nothing is lost or doubled when the bridge starts anew.
 */
public final class RedisBridge {
  /** What it calls itself in {@link Followed}. */
  public static final String FOLLOWER = "bridge";

  private record RunPublished(RunUid run) implements Internal {}

  /** A run that is being published, and who asked for it. */
  private record Publication(
      ActorRef<RunPublisher.Message> publisher, Set<ActorRef<Followed>> askers) {}

  /**
   * The bridge.
   *
   * @param journal where older entries of runs are
   * @param queue whose status is shown, or null
   * @param directory whose devices are shown, or null
   */
  public static Behavior<Request> create(
      BridgeSettings settings,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<ScanQueueProtocol.Request> queue,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    Behavior<Command> bridge =
        Behaviors.setup(
            context -> {
              context.setLoggerName(RedisBridge.class);
              RedisOutlet outlet = new RedisOutlet(settings);
              context.spawn(
                  Behaviors.supervise(StatePublisher.create(outlet, settings, queue, directory))
                      .onFailure(
                          SupervisorStrategy.restartWithBackoff(
                              settings.retryMin(), settings.retryMax(), 0.2)),
                  "states");
              return new RedisBridge(context, outlet, settings, journal, runSettings).bridging();
            });
    return Behaviors.supervise(bridge)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(settings.retryMin(), settings.retryMax(), 0.2))
        .narrow();
  }

  /** The bridge, to be started on one node with the role {@code gateway}. */
  public static SingletonActor<Request> singleton(
      BridgeSettings settings,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<ScanQueueProtocol.Request> queue,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    return SingletonActor.of(
            create(settings, journal, runSettings, queue, directory), "redis-bridge")
        .withStopMessage(Close.CLOSE);
  }

  /** Has the documents of a run published by the bridge, on whichever node that is. */
  public static Consumer<Follow> follower(ActorRef<Request> bridge) {
    return follow -> bridge.tell(new FollowRun(follow));
  }

  private final ActorContext<Command> context;
  private final RedisOutlet outlet;
  private final BridgeSettings settings;
  private final RunJournal journal;
  private final RunSettings runSettings;
  // touched by message handlers only: this actor has no futures
  private final Map<RunUid, Publication> publications = new HashMap<>();

  private RedisBridge(
      ActorContext<Command> context,
      RedisOutlet outlet,
      BridgeSettings settings,
      RunJournal journal,
      RunSettings runSettings) {
    this.context = context;
    this.outlet = outlet;
    this.settings = settings;
    this.journal = journal;
    this.runSettings = runSettings;
  }

  private Behavior<Command> bridging() {
    return Behaviors.receive(Command.class)
        .onMessage(FollowRun.class, follow -> onFollow(follow.follow()))
        .onMessage(RunPublished.class, published -> onPublished(published.run()))
        .onMessageEquals(Close.CLOSE, Behaviors::stopped)
        .onSignal(PostStop.class, signal -> onStop())
        .onSignal(PreRestart.class, signal -> onStop())
        .build();
  }

  private Behavior<Command> onFollow(Follow follow) {
    Publication known = publications.get(follow.run());
    if (known == null) {
      known = new Publication(spawnPublisher(follow), new LinkedHashSet<>());
      publications.put(follow.run(), known);
    } else if (follow.log() != null) {
      known.publisher().tell(new RunPublisher.LogAt(follow.log()));
    }
    known.askers().add(follow.replyTo());
    return Behaviors.same();
  }

  private ActorRef<RunPublisher.Message> spawnPublisher(Follow follow) {
    return context.spawnAnonymous(
        RunPublisher.create(
            follow.run(),
            follow.log(),
            outlet,
            settings,
            journal,
            runSettings,
            context.getSelf(),
            new RunPublished(follow.run())));
  }

  private Behavior<Command> onPublished(RunUid run) {
    Followed answer = new Followed(run, FOLLOWER, "");
    publications.remove(run).askers().forEach(asker -> asker.tell(answer));
    return Behaviors.same();
  }

  private Behavior<Command> onStop() {
    outlet.close();
    return Behaviors.same();
  }
}

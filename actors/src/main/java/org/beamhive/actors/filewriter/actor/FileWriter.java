package org.beamhive.actors.filewriter.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.beamhive.actors.filewriter.nexus.NexusLayout;
import org.beamhive.actors.filewriter.nexus.RunFile;
import org.beamhive.actors.filewriter.nexus.RunLayout;
import org.beamhive.actors.run.RunFollower;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.file.FileWriterProtocol.Close;
import org.beamhive.protocol.file.FileWriterProtocol.Command;
import org.beamhive.protocol.file.FileWriterProtocol.FollowRun;
import org.beamhive.protocol.file.FileWriterProtocol.Internal;
import org.beamhive.protocol.file.FileWriterProtocol.Request;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;

/**
 * Writes the file of one run while the run goes on.
 *
 * <p>It follows the run's log from its first entry as soon as it is there; who asks with {@link
 * FollowRun} is answered when the file is complete. States: writing; stalled, while the disk does
 * not take what is written; complete.
 *
 * <p>If a write fails, one alarm is logged and the same write is tried again, with growing waits;
 * the scan goes on, its documents are in its log. Where that can't help (the file was deleted, a
 * defect), the writer starts again and makes the file anew from the log. Runs on a dispatcher of
 * its own, since it waits for the disk.
 */
public final class FileWriter {
  /** What it calls itself in {@link Followed}. */
  public static final String FOLLOWER = "file";

  /** Where entities are known: one per run. */
  static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "file-writer");

  private static final int WRITES_BEFORE_NEW_FILE = 20;

  private record Came(RunFollower.Batch batch) implements Internal {}

  private enum TryAgain implements Internal {
    TRY_AGAIN
  }

  /** What outlives a restart of the writer. */
  private static final class Known {
    private final Set<ActorRef<Followed>> askers = new LinkedHashSet<>();
    private Follow latest;
  }

  /**
   * The writer of a run.
   *
   * @param layout what is where in the file
   * @param journal where older entries of the run are
   * @param shard is asked to passivate it when the file is complete, or null
   */
  public static Behavior<Request> create(
      RunUid run,
      FileWriterSettings settings,
      RunLayout.Maker layout,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return behavior(run, settings, layout, journal, runSettings, shard).narrow();
  }

  /** The writer of a run, with BEC's NeXus lay-out. */
  public static Behavior<Request> create(
      RunUid run,
      FileWriterSettings settings,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return create(run, settings, NexusLayout.of(settings.facility()), journal, runSettings, shard);
  }

  /**
   * Makes this node, if it has the role {@code storage}, run file writers, with BEC's NeXus
   * lay-out.
   *
   * @return has the file of a run written, on whichever node
   */
  public static Consumer<Follow> init(
      ActorSystem<?> system,
      FileWriterSettings settings,
      RunJournal journal,
      RunSettings runSettings) {
    return init(system, settings, NexusLayout.of(settings.facility()), journal, runSettings);
  }

  /** Makes this node, if it has the role {@code storage}, run file writers. */
  public static Consumer<Follow> init(
      ActorSystem<?> system,
      FileWriterSettings settings,
      RunLayout.Maker layout,
      RunJournal journal,
      RunSettings runSettings) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                KEY,
                entity ->
                    behavior(
                        new RunUid(entity.getEntityId()),
                        settings,
                        layout,
                        journal,
                        runSettings,
                        entity.getShard()))
            .withRole("storage")
            .withSettings(ClusterShardingSettings.create(system).withRememberEntities(true))
            .withEntityProps(DispatcherSelector.fromConfig(FileWriterSettings.DISPATCHER))
            .withStopMessage(Close.CLOSE));
    return follow -> sharding.entityRefFor(KEY, follow.run().value()).tell(new FollowRun(follow));
  }

  private static Behavior<Command> behavior(
      RunUid run,
      FileWriterSettings settings,
      RunLayout.Maker layout,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        outer -> {
          outer.setLoggerName(FileWriter.class);
          Known known = new Known();
          Behavior<Command> writer =
              Behaviors.setup(
                  context ->
                      Behaviors.withTimers(
                          timers ->
                              new FileWriter(
                                      context,
                                      timers,
                                      run,
                                      settings,
                                      new RunFile(settings.basePath(), run, layout),
                                      known,
                                      shard)
                                  .begin(journal, runSettings)));
          return Behaviors.withMdc(
              Command.class,
              Map.of("run", run.value()),
              Behaviors.supervise(writer)
                  .onFailure(
                      SupervisorStrategy.restartWithBackoff(
                          settings.retryMin(), settings.retryMax(), 0.2)));
        });
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final RunUid run;
  private final FileWriterSettings settings;
  private final RunFile file;
  private final Known known;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  // touched by message handlers only: this actor has no futures
  private final ArrayDeque<RunFollower.Batch> waiting = new ArrayDeque<>();
  private ActorRef<RunFollower.Command> follower;
  private int failures;

  private FileWriter(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      RunUid run,
      FileWriterSettings settings,
      RunFile file,
      Known known,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    this.context = context;
    this.timers = timers;
    this.run = run;
    this.settings = settings;
    this.file = file;
    this.known = known;
    this.shard = shard;
  }

  private Behavior<Command> begin(RunJournal journal, RunSettings runSettings) {
    follower =
        context.spawnAnonymous(
            RunFollower.create(
                FOLLOWER,
                run,
                1,
                known.latest == null ? null : known.latest.log(),
                journal,
                runSettings,
                context.messageAdapter(RunFollower.Batch.class, Came::new)));
    return writing();
  }

  // ------------------------------------------------------------------ writing

  private Behavior<Command> writing() {
    return Behaviors.receive(Command.class)
        .onMessage(Came.class, this::onCame)
        .onMessage(FollowRun.class, this::onFollow)
        .onMessage(TryAgain.class, again -> write())
        .onMessageEquals(Close.CLOSE, Behaviors::stopped)
        .onSignal(PreRestart.class, signal -> onRestart())
        .onSignal(PostStop.class, signal -> onStop())
        .build();
  }

  private Behavior<Command> onCame(Came came) {
    if (!came.batch().follower().equals(follower)) {
      return Behaviors.same(); // of the follower from before a restart
    }
    waiting.addLast(came.batch());
    if (failures > 0) {
      return Behaviors.same();
    }
    if (!came.batch().end()) {
      // the next batch is fetched while this one is written
      follower.tell(RunFollower.Next.NEXT);
    }
    return write();
  }

  private Behavior<Command> onFollow(FollowRun follow) {
    known.askers.add(follow.follow().replyTo());
    if (follow.follow().log() != null) {
      known.latest = follow.follow();
      follower.tell(new RunFollower.LogAt(follow.follow().log()));
    }
    return Behaviors.same();
  }

  private Behavior<Command> write() {
    while (!waiting.isEmpty()) {
      RunFollower.Batch batch = waiting.getFirst();
      try {
        file.take(batch.from(), batch.entries());
      } catch (IOException problem) {
        return stall(problem);
      }
      waiting.removeFirst();
      goOn();
      if (file.complete()) {
        return complete();
      }
    }
    return Behaviors.same();
  }

  private Behavior<Command> stall(IOException problem) {
    failures++;
    if (failures == 1) {
      context
          .getLog()
          .error(
              "ALARM the file of run {} can't be written: {}. Its data are kept in the run's log and"
                  + " the scan goes on. Free space on the disk or make the folder writable; this is"
                  + " tried again by itself, at the latest every {} s.",
              run,
              reason(problem),
              settings.retryMax().toSeconds());
    } else if (failures % WRITES_BEFORE_NEW_FILE == 0 && file.next() > 1) {
      throw new IllegalStateException("the open file takes no more writes", problem);
    }
    Duration wait = settings.retryMin().multipliedBy(1L << Math.min(failures - 1, 16));
    timers.startSingleTimer(
        TryAgain.TRY_AGAIN, wait.compareTo(settings.retryMax()) < 0 ? wait : settings.retryMax());
    return Behaviors.same();
  }

  /** Some exceptions of the file system give only a path: say what kind they are. */
  private static String reason(IOException problem) {
    return problem instanceof FileSystemException file && file.getReason() == null
        ? problem.getClass().getSimpleName().replace("Exception", "") + " " + problem.getMessage()
        : String.valueOf(problem.getMessage());
  }

  private void goOn() {
    if (failures > 0) {
      context.getLog().info("The file of run {} is written again: {}", run, file.path());
      failures = 0;
      follower.tell(RunFollower.Next.NEXT);
    }
  }

  private Behavior<Command> onRestart() {
    context.getLog().error("The writer of run {} starts again and makes its file anew", run);
    return onStop();
  }

  private Behavior<Command> onStop() {
    try {
      file.close();
    } catch (IOException problem) {
      context.getLog().warn("Run {}: {}", run, problem.getMessage());
    }
    return Behaviors.same();
  }

  // ------------------------------------------------------------------ complete

  private Behavior<Command> complete() {
    context.getLog().info("The file of run {} is complete: {}", run, file.path());
    context.stop(follower);
    Followed answer = new Followed(run, FOLLOWER, file.path().toString(), file.deviceFiles());
    known.askers.forEach(asker -> asker.tell(answer));
    known.askers.clear();
    if (shard != null) {
      shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
    }
    return Behaviors.receive(Command.class)
        .onMessage(FollowRun.class, follow -> onFollowComplete(follow, answer))
        .onMessageEquals(Close.CLOSE, Behaviors::stopped)
        .onMessage(Command.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onFollowComplete(FollowRun follow, Followed answer) {
    follow.follow().replyTo().tell(answer);
    return Behaviors.same();
  }
}

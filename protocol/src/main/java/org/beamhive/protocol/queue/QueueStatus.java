package org.beamhive.protocol.queue;

import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * The queue's state in the words of the queue server's {@code status}.
 *
 * @param itemsInQueue waiting items
 * @param itemsInHistory ended items
 * @param runningItem the item that runs, or null
 * @param runningRun the run it has opened, or null
 * @param managerState initializing, idle, paused, creating_environment, starting_queue,
 *     executing_queue, closing_environment or destroying_environment
 * @param queueStopPending whether the queue stops after the running item
 * @param queueAutostart whether the queue starts by itself when there is something to do
 * @param environmentExists whether plans can run
 * @param environmentState initializing, idle, executing_plan, closing or closed
 * @param reState idle, running, pausing, paused, stopping, aborting or halting; null without
 *     environment
 * @param pausePending whether a deferred pause waits for a checkpoint
 * @param pausedBecause why the run is paused, empty if it isn't
 * @param loop whether completed items go back to the end of the queue
 * @param ignoreFailures whether the queue goes on after a failed item
 * @param statusUid changes with anything here
 * @param runListUid changes with the list of the running item's runs
 * @param planQueueUid changes with the queue or the running item
 * @param planHistoryUid changes with the history
 */
public record QueueStatus(
    int itemsInQueue,
    int itemsInHistory,
    ItemUid runningItem,
    RunUid runningRun,
    String managerState,
    boolean queueStopPending,
    boolean queueAutostart,
    boolean environmentExists,
    String environmentState,
    String reState,
    boolean pausePending,
    String pausedBecause,
    boolean loop,
    boolean ignoreFailures,
    String statusUid,
    String runListUid,
    String planQueueUid,
    String planHistoryUid)
    implements CborSerializable {}

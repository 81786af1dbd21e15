package org.beamhive.actors.queue;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * What the queue stores for ever, by its own serializer {@code beamhive-queue}: its events and, in
 * snapshots, its state. A new component gets a default for data stored without it; golden files of
 * each version are read by tests.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = QueueState.class, name = "state1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemsAdded.class, name = "added1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemUpdated.class, name = "updated1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemsRemoved.class, name = "removed1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemsMoved.class, name = "moved1"),
  @JsonSubTypes.Type(value = QueueEvent.HistoryCleared.class, name = "history-cleared1"),
  @JsonSubTypes.Type(value = QueueEvent.EnvironmentSet.class, name = "environment1"),
  @JsonSubTypes.Type(value = QueueEvent.ActiveSet.class, name = "active1"),
  @JsonSubTypes.Type(value = QueueEvent.ModeSet.class, name = "mode1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemStarted.class, name = "started1"),
  @JsonSubTypes.Type(value = QueueEvent.WorkerStarted.class, name = "worker1"),
  @JsonSubTypes.Type(value = QueueEvent.RunRecorded.class, name = "run1"),
  @JsonSubTypes.Type(value = QueueEvent.PauseRecorded.class, name = "pause1"),
  @JsonSubTypes.Type(value = QueueEvent.Alive.class, name = "alive1"),
  @JsonSubTypes.Type(value = QueueEvent.ItemEnded.class, name = "ended1"),
  @JsonSubTypes.Type(value = QueueEvent.RunFollowed.class, name = "followed1"),
  @JsonSubTypes.Type(value = QueueEvent.InCharge.class, name = "in-charge1")
})
sealed interface QueueStored permits QueueState, QueueEvent {}

package org.beamhive.devices.registry;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * What the registry stores for ever, by its own serializer {@code beamhive-device-registry}: its
 * events and, in snapshots, its state. A new component gets a default for data stored without it;
 * golden files of each version are read by tests.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = RegistryState.class, name = "state1"),
  @JsonSubTypes.Type(value = RegistryEvent.Changed.class, name = "changed1")
})
sealed interface RegistryStored permits RegistryState, RegistryEvent {}

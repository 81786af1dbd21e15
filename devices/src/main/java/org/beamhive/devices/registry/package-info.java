/**
 * The durable configuration of all devices: which there are, in which hutch, with which settings,
 * and what was changed when.
 *
 * <p>Start with {@link org.beamhive.devices.registry.DeviceRegistry}; what a change may do is in
 * {@code RegistryEdits}. May import {@code config}, {@code type}, the protocol and Akka, never
 * {@code actor}.
 */
package org.beamhive.devices.registry;

/**
 * The actors that own devices: one state machine for all, its sharding by hutch, the list of all
 * devices.
 *
 * <p>Start with {@code DeviceActor}, which routes and decides; each of its parts, which it names,
 * has one concern. The launcher calls {@link org.beamhive.devices.actor.DeviceSharding} and {@link
 * org.beamhive.devices.actor.DeviceDirectory}. May import everything of this module but {@code
 * ioc}, and Akka.
 */
package org.beamhive.devices.actor;

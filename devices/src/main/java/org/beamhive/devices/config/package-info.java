/**
 * The device file: BEC's YAML, checked as a whole.
 *
 * <p>Start with {@link org.beamhive.devices.config.DeviceFile}. May import {@code type} and the
 * protocol's model, never Akka.
 */
package org.beamhive.devices.config;

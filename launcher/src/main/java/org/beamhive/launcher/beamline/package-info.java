/**
 * A beamline on one machine: its nodes as processes, with a Redis and a simulated IOC, started,
 * looked at and ended together.
 *
 * <p>Start with {@link org.beamhive.launcher.beamline.LocalBeamline}. Used by {@code beamhive
 * beamline} and by what proves that a beamline loses nothing.
 */
package org.beamhive.launcher.beamline;

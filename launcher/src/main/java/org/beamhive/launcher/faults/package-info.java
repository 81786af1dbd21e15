/**
 * What proves that a beamline loses nothing: a beamline of real processes, faults done to it
 * (killed, frozen, cut off, told to leave), scans that run the whole time, and the check of what
 * must hold afterwards.
 *
 * <p>Start with {@link org.beamhive.launcher.faults.BeamlineUnderTest}. Used by {@code beamhive
 * bench chaos}, {@code bench failover} and the tests.
 */
package org.beamhive.launcher.faults;

/**
 * Puts the readings of a point together and makes documents of them.
 *
 * <p>Start with {@link org.beamhive.actors.bundle.ScanBundler}; {@code Bundles} is the logic
 * without actors. May import {@code protocol} and Akka.
 */
package org.beamhive.actors.bundle;

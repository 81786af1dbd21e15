/**
 * The configuration of a node: its layers and their order, typed settings, and the check that finds
 * every mistake.
 *
 * <p>Start with {@link org.beamhive.cluster.ConfigLayers}. May import Typesafe Config only.
 */
package org.beamhive.cluster;

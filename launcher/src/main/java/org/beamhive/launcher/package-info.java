/**
 * The launcher: main, the command line, a node with its guardians per role, Redis inside, the demo
 * and the benchmarks.
 *
 * <p>Start with {@link org.beamhive.launcher.Main}, then {@link
 * org.beamhive.launcher.BeamhiveNode}. May import every module; nothing imports it.
 */
package org.beamhive.launcher;

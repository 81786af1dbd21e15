/**
 * A node: who is started on it for each role, and how they are wired together.
 *
 * <p>Start with {@link org.beamhive.launcher.node.NodeGuardian}. May import every module.
 */
package org.beamhive.launcher.node;

/**
 * The commands that talk to a running Beamhive over HTTP, and what they show.
 *
 * <p>Start with {@link org.beamhive.launcher.client.ClientCommands}. May import {@code protocol}
 * only: these commands work from any machine that reaches the server.
 */
package org.beamhive.launcher.client;

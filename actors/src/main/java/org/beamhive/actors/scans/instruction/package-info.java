/**
 * What a plan tells the engine to do, one instruction after another, with Bluesky's meanings.
 *
 * <p>Start with {@link org.beamhive.actors.scans.instruction.Steps}. May import {@code
 * protocol.model} only.
 */
package org.beamhive.actors.scans.instruction;

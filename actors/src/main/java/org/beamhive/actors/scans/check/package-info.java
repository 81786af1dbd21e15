/**
 * Declarations of plans and what is made of the arguments that a client gives: typed values, or a
 * refusal that a person understands.
 *
 * <p>Start with {@link org.beamhive.actors.scans.check.Declaration}. May import {@code
 * protocol.model} and {@code protocol.plan}.
 */
package org.beamhive.actors.scans.check;

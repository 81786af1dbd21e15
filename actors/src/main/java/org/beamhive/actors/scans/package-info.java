/**
 * Scans: from what a client asks for to a lazy stream of instructions, and the checks in between.
 *
 * <p>Start with {@link org.beamhive.actors.scans.plan.PlanRegistry}. May import {@code
 * protocol.model} and {@code protocol.plan}, never Akka: a plan knows no actor, only names of
 * devices and answers.
 */
package org.beamhive.actors.scans;

/**
 * The plans: what each does, from its checked arguments to its instructions.
 *
 * <p>Start with {@link org.beamhive.actors.scans.plan.PlanRegistry}; a new plan implements {@link
 * org.beamhive.actors.scans.plan.Plan} and is named by a {@link
 * org.beamhive.actors.scans.plan.PlanProvider}. May import {@code protocol.model}, {@code
 * protocol.plan} and the other packages of the scans.
 */
package org.beamhive.actors.scans.plan;

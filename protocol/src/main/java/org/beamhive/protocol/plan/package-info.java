/**
 * What a client asks for and what it may ask for: requests of plans and their declarations.
 *
 * <p>Start with {@link org.beamhive.protocol.plan.PlanRequest}. May import {@code model}, never
 * Akka.
 */
package org.beamhive.protocol.plan;

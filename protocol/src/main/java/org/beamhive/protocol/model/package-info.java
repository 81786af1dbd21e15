/**
 * Ids, values, readings and data keys: the words that every other room speaks.
 *
 * <p>Start with {@link org.beamhive.protocol.model.Value}. May import Jackson, never Akka.
 */
package org.beamhive.protocol.model;

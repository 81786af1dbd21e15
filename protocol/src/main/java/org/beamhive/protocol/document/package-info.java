/**
 * The documents of a run, with the names and meanings of the event model.
 *
 * <p>Start with {@link org.beamhive.protocol.document.Document}; {@link
 * org.beamhive.protocol.document.DocumentJson} writes them as the event model's JSON. May import
 * {@code model} and Jackson, never Akka.
 */
package org.beamhive.protocol.document;

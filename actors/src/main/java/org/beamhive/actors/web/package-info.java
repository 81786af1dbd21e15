/**
 * The HTTP endpoint: the API of the Bluesky queue server and, beside it, live documents, devices,
 * past runs and health.
 *
 * <p>Start with {@link org.beamhive.actors.web.WebServer}; one {@code ...Routes} class per
 * resource. May import {@code protocol} only, of this module nothing.
 */
package org.beamhive.actors.web;

/**
 * TLS from PEM files: what a section such as {@code beamhive.tls} names is read and checked before
 * anything starts.
 *
 * <p>Start with {@link org.beamhive.cluster.tls.TlsIdentity}. May import the JDK, Typesafe Config
 * and {@code org.beamhive.cluster}.
 */
package org.beamhive.cluster.tls;

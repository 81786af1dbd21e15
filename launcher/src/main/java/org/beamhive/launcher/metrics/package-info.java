/**
 * The figures of a node, as {@code /metrics} serves them.
 *
 * <p>Start with {@link org.beamhive.launcher.metrics.NodeMetrics}: each figure has its name and
 * meaning there, and a row in {@code docs/reference/metrics.md}. The rooms that are measured know
 * interfaces of their own only. May import {@code devices} and {@code actors}; no other package of
 * the launcher.
 */
package org.beamhive.launcher.metrics;

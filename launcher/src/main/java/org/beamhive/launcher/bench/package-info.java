/**
 * Benchmarks: what this installation can do, as text and as one line of JSON per metric.
 *
 * <p>Start with {@link org.beamhive.launcher.bench.BenchCommand}. May import every module.
 */
package org.beamhive.launcher.bench;

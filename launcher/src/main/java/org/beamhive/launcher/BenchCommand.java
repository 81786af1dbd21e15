package org.beamhive.launcher;

import picocli.CommandLine.Command;

@Command(name = "bench", description = "Measures this installation.")
final class BenchCommand {}

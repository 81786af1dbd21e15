/** Whole-system tests: real processes, real Redis, real Channel Access, real files. */
package org.beamhive.launcher.system;

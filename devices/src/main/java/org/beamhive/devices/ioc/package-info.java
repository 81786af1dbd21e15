/**
 * An EPICS IOC inside this process: simulated motors and detectors behind a real Channel Access
 * server, for demos and tests. Any Channel Access client can talk to it.
 *
 * <p>Start with {@link org.beamhive.devices.ioc.SimulatedIoc}. Imports only the Channel Access
 * library, a checksum of the HDF5 library, and JDK classes.
 */
package org.beamhive.devices.ioc;

/**
 * An EPICS IOC inside this process: simulated motors and detectors behind a real Channel Access
 * server, for demos and tests, with faults on command. Any Channel Access client can talk to it.
 *
 * <p>Start with {@link org.beamhive.devices.ioc.SimulatedIoc}, or with {@link
 * org.beamhive.devices.ioc.IocRecords} for the records in virtual time without a network. A record
 * type is a class {@code ...Record} and an entry in {@code RecordTypes}. Imports the Channel Access
 * library, a checksum of the HDF5 library, the simulated clock, signals and values.
 */
package org.beamhive.devices.ioc;

package org.beamhive.persistence.redis;

/** Marks what the tests store. */
public interface Storable {}

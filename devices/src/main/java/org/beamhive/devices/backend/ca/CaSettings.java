package org.beamhive.devices.backend.ca;

import java.time.Duration;
import java.util.List;

/**
 * How to reach the IOCs. Nothing is read from files or the environment beside this.
 *
 * @param addresses {@code host:port} of IOCs, gateways or broadcasts
 * @param autoAddresses whether all networks of this machine are searched too
 * @param repeaterPort of the repeater that this process runs if nobody else does; 0 for none
 * @param connectionTimeout after which a silent IOC is asked whether it is alive
 * @param maxSearchInterval between searches for a PV that nobody has
 * @param maxArrayBytes the largest array; only a limit, memory is taken as needed
 * @param putsInFlight at most, per IOC: its queue for completions is bounded
 */
public record CaSettings(
    List<String> addresses,
    boolean autoAddresses,
    int repeaterPort,
    Duration connectionTimeout,
    Duration maxSearchInterval,
    int maxArrayBytes,
    int putsInFlight) {
  public CaSettings {
    addresses = List.copyOf(addresses);
  }

  /** For one IOC on this machine, without a repeater, quick to notice its end. */
  public static CaSettings loopback(int port) {
    return new CaSettings(
        List.of("127.0.0.1:" + port),
        false,
        0,
        Duration.ofSeconds(5),
        Duration.ofSeconds(1),
        64 << 20,
        200);
  }
}

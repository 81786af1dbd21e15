package org.beamhive.devices.backend.ca;

import java.time.Duration;
import java.util.List;

/**
 * How to reach the IOCs. Nothing is read from files or the environment beside this.
 *
 * @param addresses {@code host} or {@code host:port} (UDP) of IOCs, gateways or broadcasts
 * @param autoAddresses whether all networks of this machine are searched too
 * @param nameServers {@code host} or {@code host:port} (TCP) of those who are asked where PVs are
 * @param serverPort of addresses and name servers without one
 * @param repeaterPort of the repeater that this process runs if nobody else does; 0 for none
 * @param connectionTimeout after which a silent IOC is asked whether it is alive
 * @param echoTimeout which it has to answer that; then it counts as lost
 * @param abandonTimeout after which an IOC that is connected but doesn't answer is searched anew:
 *     it may have lost the connection without a word
 * @param tcpConnectTimeout for each of three tries to connect to an IOC that has answered a search;
 *     no other IOC can be connected to meanwhile. One value for the whole process: the first
 * @param maxSearchInterval between searches for a PV that nobody has
 * @param maxArrayBytes the largest array; only a limit, memory is taken as needed
 * @param putsInFlight at most, per IOC: its queue for completions is bounded
 * @param changesPerSecond of one signal that are told to its device at most; 0 for all
 */
public record CaSettings(
    List<String> addresses,
    boolean autoAddresses,
    List<String> nameServers,
    int serverPort,
    int repeaterPort,
    Duration connectionTimeout,
    Duration echoTimeout,
    Duration abandonTimeout,
    Duration tcpConnectTimeout,
    Duration maxSearchInterval,
    int maxArrayBytes,
    int putsInFlight,
    double changesPerSecond) {
  private static final int DEFAULT_SERVER_PORT = 5064;

  public CaSettings {
    addresses = List.copyOf(addresses);
    nameServers = List.copyOf(nameServers);
  }

  /** For one IOC on this machine, without a repeater, quick to notice its end. */
  public static CaSettings loopback(int port) {
    return new CaSettings(
        List.of("127.0.0.1:" + port),
        false,
        List.of(),
        DEFAULT_SERVER_PORT,
        0,
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofSeconds(2),
        Duration.ofSeconds(1),
        64 << 20,
        200,
        100);
  }
}

package org.beamhive.launcher.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.beamhive.actors.bridge.BridgeSettings;
import org.beamhive.actors.engine.EngineSettings;
import org.beamhive.actors.filewriter.actor.FileWriterSettings;
import org.beamhive.actors.queue.QueueSettings;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.actors.web.WebSettings;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.HealthSettings;
import org.beamhive.cluster.JoinSettings;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.devices.actor.DevicesSettings;
import org.beamhive.devices.actor.HutchFile;
import org.beamhive.devices.registry.RegistrySettings;

/**
 * What a node is made of: every part's settings, read and checked before anything starts.
 *
 * @param node what the node is
 * @param join how it comes into its cluster
 * @param health its own endpoint for health and metrics
 * @param tls its identity among nodes, if they speak TLS
 * @param webTls the identity of its HTTP interface, if that speaks HTTPS
 * @param deviceFile the device file of its hutch
 * @param inFile what is in its device file, with which the registry begins; it has mistakes only if
 *     the node can do without it
 * @param plans the plans of this beamline
 */
public record NodeParts(
    NodeSettings node,
    JoinSettings join,
    HealthSettings health,
    Optional<TlsIdentity> tls,
    Optional<TlsIdentity> webTls,
    HutchFile deviceFile,
    HutchFile.Content inFile,
    PlanRegistry plans,
    DevicesSettings devices,
    RegistrySettings registry,
    EngineSettings engine,
    QueueSettings queue,
    RunSettings run,
    FileWriterSettings files,
    BridgeSettings bridge,
    WebSettings web) {
  /**
   * Reads all settings.
   *
   * @throws ConfigProblem naming, for each part, the key, what was given and what is allowed
   */
  public static NodeParts of(
      NodeSettings node,
      Config config,
      HutchFile deviceFile,
      HutchFile.Content inFile,
      PlanRegistry plans) {
    Instant now = Instant.now();
    List<String> mistakes = new ArrayList<>();
    NodeParts parts =
        new NodeParts(
            node,
            part(config, JoinSettings::from, mistakes),
            part(config, HealthSettings::from, mistakes),
            part(config, all -> TlsIdentity.ofNode(all, now), mistakes),
            part(config, all -> TlsIdentity.ofWeb(all, now), mistakes),
            deviceFile,
            inFile,
            plans,
            part(config, DevicesSettings::from, mistakes),
            part(config, RegistrySettings::from, mistakes),
            part(config, EngineSettings::from, mistakes),
            part(config, QueueSettings::from, mistakes),
            part(config, RunSettings::from, mistakes),
            part(config, FileWriterSettings::from, mistakes),
            part(config, BridgeSettings::from, mistakes),
            part(config, WebSettings::from, mistakes));
    checkHeartBeat(parts, mistakes);
    if (!mistakes.isEmpty()) {
      throw new ConfigProblem(
          mistakes.stream().map(mistake -> ConfigLayers.located(config, mistake)).toList());
    }
    return parts;
  }

  /** A worker that is heard too rarely would lose its devices all the time. */
  private static void checkHeartBeat(NodeParts parts, List<String> mistakes) {
    if (parts.engine() == null || parts.devices() == null) {
      return;
    }
    Duration interval = parts.engine().keepAliveInterval();
    Duration timeout = parts.devices().ownerTimeout();
    checkHeartBeat("beamhive.engine.keep-alive-interval", interval, timeout, mistakes);
    if (parts.web() != null) {
      checkHeartBeat(
          "beamhive.web.call-alive-interval", parts.web().callAliveInterval(), timeout, mistakes);
    }
  }

  private static void checkHeartBeat(
      String key, Duration interval, Duration timeout, List<String> mistakes) {
    if (interval.multipliedBy(2).compareTo(timeout) > 0) {
      mistakes.add(
          key
              + " = "
              + interval
              + ": at most half of beamhive.devices.owner-timeout, "
              + timeout
              + ", is allowed");
    }
  }

  private static <T> T part(Config config, Function<Config, T> read, List<String> mistakes) {
    try {
      return read.apply(config);
    } catch (ConfigProblem several) {
      several.getMessage().lines().forEach(mistakes::add);
      return null;
    } catch (ConfigException | IllegalArgumentException wrong) {
      mistakes.add(wrong.getMessage());
      return null;
    }
  }
}

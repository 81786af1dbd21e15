package org.beamhive.launcher.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.beamhive.actors.bridge.BridgeSettings;
import org.beamhive.actors.engine.EngineSettings;
import org.beamhive.actors.filewriter.actor.FileWriterSettings;
import org.beamhive.actors.queue.QueueSettings;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.actors.web.WebSettings;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.JoinSettings;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.devices.actor.DevicesSettings;
import org.beamhive.devices.config.DeviceConfig;

/**
 * What a node is made of: every part's settings, read and checked before anything starts.
 *
 * @param node what the node is
 * @param join how it comes into its cluster
 * @param tls its identity among nodes, if they speak TLS
 * @param webTls the identity of its HTTP interface, if that speaks HTTPS
 * @param deviceConfigs the devices of its hutch
 * @param plans the plans of this beamline
 */
public record NodeParts(
    NodeSettings node,
    JoinSettings join,
    Optional<TlsIdentity> tls,
    Optional<TlsIdentity> webTls,
    List<DeviceConfig> deviceConfigs,
    PlanRegistry plans,
    DevicesSettings devices,
    EngineSettings engine,
    QueueSettings queue,
    RunSettings run,
    FileWriterSettings files,
    BridgeSettings bridge,
    WebSettings web) {
  public NodeParts {
    deviceConfigs = List.copyOf(deviceConfigs);
  }

  /**
   * Reads all settings.
   *
   * @throws ConfigProblem naming the key, what was given and what is allowed
   */
  public static NodeParts of(
      NodeSettings node, Config config, List<DeviceConfig> deviceConfigs, PlanRegistry plans) {
    Instant now = Instant.now();
    try {
      return new NodeParts(
          node,
          JoinSettings.from(config),
          TlsIdentity.ofNode(config, now),
          TlsIdentity.ofWeb(config, now),
          deviceConfigs,
          plans,
          DevicesSettings.from(config),
          EngineSettings.from(config),
          QueueSettings.from(config),
          RunSettings.from(config),
          FileWriterSettings.from(config),
          BridgeSettings.from(config),
          WebSettings.from(config));
    } catch (ConfigException | IllegalArgumentException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }
}

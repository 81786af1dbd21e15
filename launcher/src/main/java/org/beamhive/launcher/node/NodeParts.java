package org.beamhive.launcher.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.List;
import org.beamhive.actors.bridge.BridgeSettings;
import org.beamhive.actors.engine.EngineSettings;
import org.beamhive.actors.filewriter.actor.FileWriterSettings;
import org.beamhive.actors.queue.QueueSettings;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.actors.web.WebSettings;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.devices.actor.DevicesSettings;
import org.beamhive.devices.config.DeviceConfig;

/**
 * What a node is made of: every part's settings, read and checked before anything starts.
 *
 * @param node what the node is
 * @param deviceConfigs the devices of its hutch
 * @param plans the plans of this beamline
 */
public record NodeParts(
    NodeSettings node,
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

  /** A worker that is heard too rarely would lose its devices all the time. */
  private void checkHeartBeat() {
    Duration interval = engine.keepAliveInterval();
    if (interval.multipliedBy(2).compareTo(devices.ownerTimeout()) > 0) {
      throw new IllegalArgumentException(
          "beamhive.engine.keep-alive-interval = "
              + interval
              + ": at most half of beamhive.devices.owner-timeout, "
              + devices.ownerTimeout()
              + ", is allowed");
    }
  }

  /**
   * Reads all settings.
   *
   * @throws ConfigProblem naming the key, what was given and what is allowed
   */
  public static NodeParts of(
      NodeSettings node, Config config, List<DeviceConfig> deviceConfigs, PlanRegistry plans) {
    try {
      NodeParts parts =
          new NodeParts(
              node,
              deviceConfigs,
              plans,
              DevicesSettings.from(config),
              EngineSettings.from(config),
              QueueSettings.from(config),
              RunSettings.from(config),
              FileWriterSettings.from(config),
              BridgeSettings.from(config),
              WebSettings.from(config));
      parts.checkHeartBeat();
      return parts;

    } catch (ConfigException | IllegalArgumentException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }
}

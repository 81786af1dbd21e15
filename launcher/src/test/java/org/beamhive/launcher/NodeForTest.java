package org.beamhive.launcher;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.beamhive.cluster.ConfigLayers;

/** A whole node in the process of a test, with ports of its own. */
public final class NodeForTest {
  private NodeForTest() {}

  /** Starts it with this device file; what it keeps is in the folder {@code data} of this one. */
  public static BeamhiveNode start(Path folder, Path devices) {
    return start(folder, devices, Map.of());
  }

  /**
   * @param more further settings
   */
  public static BeamhiveNode start(Path folder, Path devices, Map<String, Object> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("beamhive.node.data-dir", folder.resolve("data").toString());
    settings.put("beamhive.node.port", 0);
    settings.put("beamhive.node.devices", devices.toString());
    settings.put("beamhive.web.port", 0);
    return BeamhiveNode.start(ConfigLayers.load(Optional.empty(), settings));
  }
}

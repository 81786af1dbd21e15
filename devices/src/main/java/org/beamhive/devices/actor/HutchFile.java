package org.beamhive.devices.actor;

import java.util.List;
import org.beamhive.devices.config.DeviceConfig;

/** The device file of a node's hutch. */
public interface HutchFile {
  /** A node without one. */
  HutchFile NONE =
      new HutchFile() {
        @Override
        public String name() {
          return "";
        }

        @Override
        public Content read() {
          return new Content(List.of(), List.of());
        }
      };

  /**
   * What is in it.
   *
   * @param mistakes a sentence each; the devices count only if there is none
   */
  record Content(List<DeviceConfig> devices, List<String> mistakes) {
    public Content {
      devices = List.copyOf(devices);
      mistakes = List.copyOf(mistakes);
    }
  }

  /** Its path, or that of a folder of them; empty if there is none. */
  String name();

  /** Reads it as it is now; waits for the disk. */
  Content read();
}

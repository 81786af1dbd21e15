package org.beamhive.devices.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.model.Value;

/** Tells whether two device files have the same devices, whatever else is in them. */
public final class FileDigest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FileDigest() {}

  /** The digest of these devices in any order. */
  public static String of(List<DeviceEntry> devices) {
    TreeMap<String, Value.Fields> sorted = new TreeMap<>();
    devices.forEach(device -> sorted.put(device.name().value(), device.settings()));
    try {
      byte[] text = JSON.writeValueAsString(sorted).getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (JsonProcessingException | NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}

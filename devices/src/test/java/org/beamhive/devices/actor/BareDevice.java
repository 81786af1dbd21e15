package org.beamhive.devices.actor;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;

/** A device that can only be connected: a test adds what it is about. */
abstract class BareDevice implements Device {
  private final DeviceName name;
  private final Set<Ability> abilities;

  BareDevice(String name, Ability... abilities) {
    this.name = new DeviceName(name);
    this.abilities = Set.of(abilities);
  }

  @Override
  public final DeviceName name() {
    return name;
  }

  @Override
  public Set<Ability> abilities() {
    return abilities;
  }

  @Override
  public void open(DeviceListener listener) {}

  @Override
  public CompletionStage<Void> connect() {
    return DONE;
  }

  @Override
  public DeviceFacts facts() {
    return new DeviceFacts(Limits.NONE, "", 0, List.of());
  }

  @Override
  public CompletionStage<DeviceDescription> describe() {
    return CompletableFuture.failedStage(new AssertionError("not asked for"));
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return CompletableFuture.completedStage(List.of());
  }

  @Override
  public void close() {}
}

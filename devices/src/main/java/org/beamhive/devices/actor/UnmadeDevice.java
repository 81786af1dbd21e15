package org.beamhive.devices.actor;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;

/** Stands for a device that could not even be made: it is listed, and says why. */
final class UnmadeDevice implements Device {
  private final DeviceName name;
  private final DeviceFailure failure;

  UnmadeDevice(DeviceName name, RuntimeException why) {
    this.name = name;
    String reason = why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage();
    this.failure =
        new DeviceFailure(
            "not-made", "%s can't be made from its configuration: %s.".formatted(name, reason));
  }

  @Override
  public DeviceName name() {
    return name;
  }

  @Override
  public Set<Ability> abilities() {
    return Set.of();
  }

  @Override
  public void open(DeviceListener listener) {}

  @Override
  public CompletionStage<Void> connect() {
    return CompletableFuture.failedStage(failure);
  }

  @Override
  public DeviceFacts facts() {
    return new DeviceFacts(Limits.NONE, "", 0, List.of());
  }

  @Override
  public CompletionStage<DeviceDescription> describe() {
    return CompletableFuture.failedStage(failure);
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return CompletableFuture.failedStage(failure);
  }

  @Override
  public void close() {}
}

package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class DeviceOperationsTest {
  private final SoftLimits limits = SoftLimits.inMemory();
  private final DeviceConfig config =
      DeviceConfig.of("samx", "SimMotor", new Value.Fields(Map.of("velocity", Value.of(1.0))));
  private final Device motor =
      config.make(
          DeviceTypes.standard(),
          new DeviceBackends(
              () -> {
                throw new AssertionError("no Channel Access here");
              },
              new SimNamespace(new SettableSimClock(1000)),
              DevicesSettings.from(ConfigFactory.load()).timeouts()));
  private final DeviceOperations operations =
      new DeviceOperations(config, motor, limits, new CallBook(config.name(), motor));

  private static Call call(Operation operation) {
    return new Call("c1", "fli", operation, null);
  }

  @Test
  void keepsMovesAndStepsWithinOurOwnLimits() {
    assertThat(operations.refusalToMove(Value.of(3.0))).isNull();

    limitTo(-1, 1);

    assertThat(codeOf(operations.refusalToMove(Value.of(3.0)))).isEqualTo("beyond-limits");
    assertThat(codeOf(operations.refusalOf(new Operation.MoveTo(Value.of(3.0)))))
        .isEqualTo("beyond-limits");
    assertThat(codeOf(operations.refusalOfStep(2, Value.of(0.5)))).isEqualTo("beyond-limits");
    assertThat(operations.refusalOfStep(-1, Value.of(0.5))).isNull();
    assertThat(DeviceOperations.target(-1, Value.of(0.5))).isEqualTo(Value.of(-0.5));
  }

  @Test
  void refusesAStepFromWhereNobodyKnows() {
    Refusal refusal = operations.refusalOfStep(1, Value.of(Double.NaN));

    assertThat(refusal.code()).isEqualTo("not-finite");
    assertThat(refusal.text()).startsWith("samx can't be moved by 1.0 from ");
  }

  @Test
  void setsOurOwnLimitsWhereverTheMotorIs() {
    CompletionStage<Value> done =
        operations.perform(call(new Operation.SetLimits(new Limits(-2, 2))));

    assertThat(done.toCompletableFuture()).isCompletedWithValue(Value.None.NONE);
    assertThat(limits.of(config.name())).isEqualTo(new Limits(-2, 2));
    assertThat(limits.changes(config.name()).get(0).who()).isEqualTo("fli");
  }

  private void limitTo(double low, double high) {
    operations.perform(call(new Operation.SetLimits(new Limits(low, high))));
  }

  private static String codeOf(Refusal refusal) {
    return refusal == null ? "none" : refusal.code();
  }
}

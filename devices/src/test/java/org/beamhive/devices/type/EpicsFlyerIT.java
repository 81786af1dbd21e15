package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real Channel Access over the loopback to a scan that the simulated hardware runs by itself. */
@Timeout(120)
class EpicsFlyerIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String FLY = "BH:fly1:";

  private static SimulatedIoc ioc;
  private static CaLink link;

  private final List<Device> open = new ArrayList<>();

  @BeforeAll
  static void start() {
    ioc = SimulatedIoc.start(0);
    link = new CaLink(CaSettings.loopback(ioc.port()));
  }

  @AfterAll
  static void stop() {
    link.close();
    ioc.close();
  }

  @AfterEach
  void closeDevices() throws Exception {
    for (Device device : open) {
      done(device.stop());
      device.close();
    }
  }

  private static Value.Fields pvs(String... namesAndPvs) {
    Value.Fields pvs = Value.Fields.EMPTY;
    for (int at = 0; at < namesAndPvs.length; at += 2) {
      pvs = pvs.with(namesAndPvs[at], Value.of(FLY + namesAndPvs[at + 1]));
    }
    return pvs;
  }

  private Device flyer(Object... more) throws Exception {
    Map<String, Value> fields = new LinkedHashMap<>();
    fields.put("start_pv", Value.of(FLY + "Start"));
    fields.put("stop_pv", Value.of(FLY + "Stop"));
    fields.put("done_pv", Value.of(FLY + "Done"));
    fields.put("counter_pv", Value.of(FLY + "CurrentPoint"));
    fields.put("time_pv", Value.of(FLY + "Times"));
    fields.put("waveforms", pvs("x", "Positions", "counts", "Counts"));
    fields.put("settings", pvs("points", "NumPoints", "dwell", "Dwell"));
    for (int at = 0; at < more.length; at += 2) {
      fields.put((String) more[at], (Value) more[at + 1]);
    }
    Device device =
        DeviceTypes.standard()
            .find("EpicsFlyer")
            .orElseThrow()
            .factory()
            .create(
                new DeviceOptions(new DeviceName("fly"), new Value.Fields(fields), PATIENCE),
                new DeviceBackends(
                    () -> link,
                    new SimNamespace(new SettableSimClock(0)),
                    new DeviceTimeouts(PATIENCE, PATIENCE)));
    device.open(
        new DeviceListener() {
          @Override
          public void connected() {}

          @Override
          public void disconnected(String problem) {}

          @Override
          public void factsChanged() {}
        });
    open.add(device);
    done(device.connect());
    return device;
  }

  private static Value.Fields settings(long points, double dwell) {
    return Value.Fields.EMPTY.with("points", Value.of(points)).with("dwell", Value.of(dwell));
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static DeviceFailure failure(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
    } catch (ExecutionException e) {
      return new DeviceFailure(DeviceFailure.refusalOf("fly", e.getCause()));
    }
    throw new AssertionError("it has not failed");
  }

  private static void awaitPoints(int points) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    Signal current = new Signal(link, FLY + "CurrentPoint", SignalOptions.MONITORED);
    current.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal which) {}

          @Override
          public void disconnected(Signal which) {}

          @Override
          public void changed(Signal which) {
            if (which.latest().asDouble() >= points) {
              there.countDown();
            }
          }
        });
    assertThat(there.await(60, TimeUnit.SECONDS)).isTrue();
    current.close();
  }

  private static void isAWholeFlight(List<List<Reading>> events, int points) {
    assertThat(events).hasSize(points);
    assertThat(events)
        .allSatisfy(
            event ->
                assertThat(event).extracting(Reading::key).containsExactly("fly_x", "fly_counts"));
    assertThat(events.get(0).get(0).value().asDouble()).isEqualTo(-1);
    assertThat(events.get(points - 1).get(0).value().asDouble()).isEqualTo(1);
    assertThat(events.get(points / 2).get(1).value().asDouble())
        .isGreaterThan(events.get(0).get(1).value().asDouble());
    for (int at = 1; at < points; at++) {
      assertThat(events.get(at).get(0).timestamp())
          .isGreaterThan(events.get(at - 1).get(0).timestamp());
    }
  }

  @Test
  void givesAnEventForEachPointWithTheHardwaresTime() throws Exception {
    Device flyer = flyer();
    done(flyer.kickoff(settings(21, 0.001)));
    done(flyer.complete());
    isAWholeFlight(done(flyer.collect()), 21);
    assertThat(done(flyer.collect())).isEmpty();

    done(flyer.kickoff(settings(5, 0.001)));
    done(flyer.complete());
    isAWholeFlight(done(flyer.collect()), 5);
  }

  @Test
  void describesTheEventsThatItCollects() throws Exception {
    DeviceDescription description = done(flyer().describe());
    assertThat(description.dataKeys().keySet()).containsExactly("fly_x", "fly_counts");
    DataKey x = description.dataKeys().get("fly_x");
    assertThat(x.dtype()).isEqualTo("number");
    assertThat(x.shape()).isEmpty();
    assertThat(x.units()).isEqualTo("mm");
    assertThat(x.source()).isEqualTo("PV:BH:fly1:Positions");
    assertThat(description.hints()).containsExactly("fly_x", "fly_counts");
    assertThat(description.configuration())
        .extracting(Reading::key)
        .containsExactly("fly_points", "fly_dwell");
  }

  @Test
  void theDoneOfTheFlightBeforeIsNotTakenForThisOne() throws Exception {
    Device flyer =
        flyer("start_pv", Value.of(FLY + "StartNoWait"), "start_completes", Value.of(false));
    for (int flight = 0; flight < 3; flight++) {
      done(flyer.kickoff(settings(10, 0.02)));
      done(flyer.complete());
      isAWholeFlight(done(flyer.collect()), 10);
    }
  }

  @Test
  void aStoppedFlightGivesWhatItHas() throws Exception {
    Device flyer = flyer();
    done(flyer.kickoff(settings(2000, 0.02)));
    CompletionStage<Void> complete = flyer.complete();
    awaitPoints(3);
    done(flyer.stop());
    assertThat(failure(complete).refusal().code()).isEqualTo("stopped");
    assertThat(done(flyer.collect()).size()).isBetween(3, 1999);
  }

  @Test
  void refusesWhatItCantDo() throws Exception {
    Device flyer = flyer();
    assertThat(failure(flyer.complete()).refusal().code()).isEqualTo("not-flying");
    DeviceFailure unknown = failure(flyer.kickoff(Value.Fields.EMPTY.with("speed", Value.of(1))));
    assertThat(unknown).hasMessageContaining("speed").hasMessageContaining("points, dwell");
    assertThat(done(flyer.collect())).isEmpty();
    Device slow = flyer("flight_timeout", Value.of(0.3));
    done(slow.kickoff(settings(2000, 0.02)));
    assertThat(failure(slow.complete()).refusal().code()).isEqualTo("timeout");
  }
}

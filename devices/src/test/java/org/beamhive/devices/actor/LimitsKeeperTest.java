package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.device.HutchLimitsProtocol.Command;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsKeeperTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final DeviceName SAMX = new DeviceName("samx");

  // of the class: a keeper may still write when its test has ended
  @TempDir private static Path folder;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private record Kept(SoftLimits limits, ActorRef<Command> keeper) {
    void change(Limits next) throws Exception {
      limits.change(SAMX, "fli", next).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    void known() throws Exception {
      limits.known().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
  }

  private Kept keeper(String hutch, String file) {
    SoftLimits limits = new SoftLimits();
    CompletableFuture<Void> known = new CompletableFuture<>();
    ActorRef<Command> keeper =
        KIT.spawn(
            LimitsKeeper.create(
                new HutchName(hutch), limits, new LimitsFile(folder.resolve(file)), known));
    limits.keptBy(LimitsKeeper.by(keeper, known, LONG, KIT.system()));
    return new Kept(limits, keeper);
  }

  @Test
  void theyAreThereAgainAfterAStart() throws Exception {
    Kept first = keeper("again", "again.json");
    first.change(new Limits(-1, 1));
    first.change(new Limits(-2, 2));
    KIT.stop(first.keeper());

    Kept second = keeper("again", "again.json");
    second.known();

    assertThat(second.limits().of(SAMX)).isEqualTo(new Limits(-2, 2));
    assertThat(second.limits().changes(SAMX))
        .extracting(change -> change.who() + " " + change.before() + " " + change.after())
        .containsExactly(
            "fli " + Limits.NONE + " " + new Limits(-1, 1),
            "fli " + new Limits(-1, 1) + " " + new Limits(-2, 2));
  }

  @Test
  void theOtherNodesOfTheHutchHaveThemToo() throws Exception {
    Kept here = keeper("two", "here.json");
    here.change(new Limits(-1, 1));
    Kept there = keeper("two", "there.json");

    KIT.<Object>createTestProbe()
        .awaitAssert(
            LONG,
            () -> {
              assertThat(there.limits().of(SAMX)).isEqualTo(new Limits(-1, 1));
              return null;
            });
    there.change(Limits.NONE);
    KIT.<Object>createTestProbe()
        .awaitAssert(
            LONG,
            () -> {
              assertThat(here.limits().of(SAMX)).isEqualTo(Limits.NONE);
              assertThat(here.limits().changes(SAMX)).hasSize(2);
              return null;
            });
  }

  @Test
  void aChangeThatCantBeKeptDoesNotHold() throws Exception {
    Files.writeString(folder.resolve("blocked"), "a file where a folder should be");
    Kept kept = keeper("blocked", "blocked/limits.json");

    assertThatThrownBy(() -> kept.change(new Limits(-1, 1)))
        .hasCauseInstanceOf(DeviceFailure.class)
        .hasMessageContaining("The limits stay as they are");
    assertThat(kept.limits().of(SAMX)).isEqualTo(Limits.NONE);
  }

  @Test
  void aFileThatCantBeReadIsNamed() throws Exception {
    Files.writeString(folder.resolve("unreadable.json"), "[{\"device\": ");
    Kept kept = keeper("unreadable", "unreadable.json");

    assertThatThrownBy(kept::known)
        .hasCauseInstanceOf(DeviceFailure.class)
        .hasMessageContaining("unreadable.json")
        .hasMessageContaining("mend or remove");
  }
}

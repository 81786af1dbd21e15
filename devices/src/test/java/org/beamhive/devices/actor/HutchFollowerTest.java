package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FollowHutch;
import org.beamhive.protocol.device.HutchDevicesProtocol.Command;
import org.beamhive.protocol.device.HutchDevicesProtocol.FileContent;
import org.beamhive.protocol.device.HutchDevicesProtocol.ReadFile;
import org.beamhive.protocol.device.HutchDevicesProtocol.TakeDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HutchFollowerTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final HutchName HUTCH = new HutchName("eh1");
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path folder;
  private final TestProbe<DeviceRegistryProtocol.Request> registry = KIT.createTestProbe();
  private final TestProbe<List<DeviceName>> woken = KIT.createTestProbe();
  private final AtomicReference<HutchFile.Content> inFile = new AtomicReference<>();
  private HutchDevices devices;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private static DeviceConfig motor(String name) {
    return DeviceConfig.of(name, "SimMotor", Value.Fields.EMPTY);
  }

  private static List<DeviceEntry> entries(String... names) {
    return Arrays.stream(names)
        .map(name -> new DeviceEntry(new DeviceName(name), HUTCH, motor(name).settings()))
        .toList();
  }

  private ActorRef<Command> follower(Duration patience, String... names) {
    List<DeviceConfig> given = Arrays.stream(names).map(HutchFollowerTest::motor).toList();
    inFile.set(new HutchFile.Content(given, List.of()));
    devices = new HutchDevices(given, false);
    HutchFile file =
        new HutchFile() {
          @Override
          public String name() {
            return "eh1.yaml";
          }

          @Override
          public Content read() {
            return inFile.get();
          }
        };
    return KIT.spawn(
        HutchFollower.create(
            new HutchFollower.Parts(
                registry.getRef(),
                HUTCH,
                "127.0.0.1:1",
                file,
                new KnownDevices(folder.resolve("devices-eh1.json")),
                devices,
                changed -> woken.getRef().tell(changed),
                DeviceTypes.standard(),
                Clock.systemUTC(),
                Duration.ofMillis(20),
                Duration.ofMillis(50),
                patience),
            inFile.get()));
  }

  private FollowHutch awaitFollow(Predicate<FollowHutch> wanted) {
    return (FollowHutch)
        registry
            .fishForMessage(
                LONG,
                message ->
                    message instanceof FollowHutch follow && wanted.test(follow)
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore())
            .stream()
            .findFirst()
            .orElseThrow();
  }

  @Test
  void takesWhatTheRegistrySaysAndKeepsItForAStartWithoutIt() throws IOException {
    ActorRef<Command> follower = follower(LONG, "samx");
    FollowHutch first = awaitFollow(follow -> true);
    assertThat(first.version()).isZero();
    assertThat(devices.isKnown()).isFalse();

    follower.tell(new TakeDevices(HUTCH, 4, entries("samx", "samy")));
    assertThat(woken.receiveMessage(LONG)).containsExactly(new DeviceName("samy"));
    assertThat(devices.isKnown()).isTrue();
    awaitFollow(follow -> follow.version() == 4);

    // a registry that is asked again and says the same disturbs nobody
    follower.tell(new TakeDevices(HUTCH, 4, entries("samx", "samy")));
    follower.tell(new TakeDevices(HUTCH, 5, entries("samy")));
    assertThat(woken.receiveMessage(LONG)).containsExactly(new DeviceName("samx"));
    awaitKnown(entries("samy"));
    KIT.stop(follower);

    ActorRef<Command> anew = follower(Duration.ofMillis(200), "other");
    awaitFollow(follow -> follow.version() == -1);
    assertThat(devices.find(new DeviceName("samy"))).isNotNull();
    assertThat(devices.find(new DeviceName("other"))).isNull();
    KIT.stop(anew);
  }

  /** It is written after the devices have been told. */
  private void awaitKnown(List<DeviceEntry> entries) throws IOException {
    KnownDevices known = new KnownDevices(folder.resolve("devices-eh1.json"));
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!known.read(HUTCH).equals(Optional.of(entries))) {
      assertThat(System.nanoTime()).as("the file within 30 s").isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  @Test
  void writesWhatItKnowsAsSoonAsTheDiskTakesIt() throws IOException {
    Path blocked = Files.createDirectory(folder.resolve("devices-eh1.json"));
    Path inside = Files.createFile(blocked.resolve("not-empty"));
    ActorRef<Command> follower = follower(LONG, "samx");
    LoggingTestKit.error("can't be written")
        .expect(
            KIT.system(),
            () -> {
              follower.tell(new TakeDevices(HUTCH, 4, entries("samx")));
              return null;
            });
    Files.delete(inside);
    Files.delete(blocked);
    awaitKnown(entries("samx"));
    KIT.stop(follower);
  }

  @Test
  void saysWhyItsFileCanNotBeRead() {
    ActorRef<Command> follower = follower(LONG, "samx");
    inFile.set(null);
    TestProbe<FileContent> content = KIT.createTestProbe();
    follower.tell(new ReadFile(content.getRef()));
    assertThat(content.receiveMessage(LONG).mistakes())
        .singleElement()
        .asString()
        .startsWith("eh1.yaml has failed: java.lang.NullPointerException");
    KIT.stop(follower);
  }

  @Test
  void beginsWithItsFileIfItNeverHeardOfARegistry() {
    ActorRef<Command> follower = follower(Duration.ofMillis(50), "samx");
    awaitFollow(follow -> follow.version() == -1);
    assertThat(devices.isKnown()).isTrue();
    assertThat(devices.find(new DeviceName("samx"))).isNotNull();
    KIT.stop(follower);
  }

  @Test
  void readsItsFileOnRequestAndSeesThatItWasEdited() {
    ActorRef<Command> follower = follower(LONG, "samx");
    String before = awaitFollow(follow -> true).file().digest();
    follower.tell(new TakeDevices(HUTCH, 1, entries("samx")));
    inFile.set(new HutchFile.Content(List.of(motor("samx"), motor("samz")), List.of()));
    FollowHutch edited = awaitFollow(follow -> !follow.file().digest().equals(before));

    TestProbe<FileContent> content = KIT.createTestProbe();
    follower.tell(new ReadFile(content.getRef()));
    FileContent read = content.receiveMessage(LONG);
    assertThat(read.devices()).hasSize(2);
    assertThat(read.file().digest()).isEqualTo(edited.file().digest());

    inFile.set(new HutchFile.Content(List.of(), List.of("eh1.yaml:1: no")));
    follower.tell(new ReadFile(content.getRef()));
    assertThat(content.receiveMessage(LONG).mistakes()).containsExactly("eh1.yaml:1: no");
    assertThat(awaitFollow(follow -> !follow.mistakes().isEmpty()).mistakes())
        .containsExactly("eh1.yaml:1: no");
    KIT.stop(follower);
  }
}

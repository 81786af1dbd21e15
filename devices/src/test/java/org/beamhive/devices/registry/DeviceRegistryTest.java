package org.beamhive.devices.registry;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.NotReserved;
import org.beamhive.protocol.device.DeviceProtocol.Release;
import org.beamhive.protocol.device.DeviceProtocol.Reserve;
import org.beamhive.protocol.device.DeviceProtocol.Reserved;
import org.beamhive.protocol.device.DeviceRegistryProtocol.AddDevice;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Change;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeMade;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeRefused;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ChangeReply;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Changes;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ConfigView;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FollowHutch;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetChanges;
import org.beamhive.protocol.device.DeviceRegistryProtocol.GetConfig;
import org.beamhive.protocol.device.DeviceRegistryProtocol.ReloadDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.RemoveDevices;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Request;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UndoChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.UpdateDevices;
import org.beamhive.protocol.device.HutchDevicesProtocol;
import org.beamhive.protocol.device.HutchDevicesProtocol.FileContent;
import org.beamhive.protocol.device.HutchDevicesProtocol.ReadFile;
import org.beamhive.protocol.device.HutchDevicesProtocol.TakeDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeviceRegistryTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          PersistenceTestKitPlugin.getInstance()
              .config()
              .withFallback(PersistenceTestKitSnapshotPlugin.config())
              .withFallback(ConfigFactory.load()));
  private static final HutchName HUTCH = new HutchName("eh1");
  private static final String WHO = "fli at 10.0.0.5";
  private static final RegistrySettings SETTINGS =
      new RegistrySettings(
          50, 50, Duration.ofSeconds(15), Duration.ofSeconds(20), Duration.ofSeconds(5));
  private static final Duration LONG = Duration.ofSeconds(30);

  private final String beamline = UUID.randomUUID().toString();
  // asked by the registry's thread, too
  private final Map<DeviceName, TestProbe<DeviceProtocol.Request>> devices =
      new ConcurrentHashMap<>();
  private TestProbe<DeviceDirectoryProtocol.Request> directory;
  private TestProbe<HutchDevicesProtocol.Request> node;
  private ActorRef<Request> registry;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    directory = KIT.createTestProbe();
    node = KIT.createTestProbe();
    registry = spawn(SETTINGS);
  }

  @AfterEach
  void end() {
    KIT.stop(registry);
  }

  private ActorRef<Request> spawn(RegistrySettings settings) {
    return KIT.spawn(
        DeviceRegistry.create(
            beamline,
            new DeviceRegistry.Parts(
                settings,
                DeviceTypes.standard(),
                (hutch, device) -> device(device).getRef(),
                directory.getRef(),
                Clock.systemUTC())));
  }

  private TestProbe<DeviceProtocol.Request> device(DeviceName name) {
    return devices.computeIfAbsent(name, each -> KIT.createTestProbe());
  }

  private TestProbe<DeviceProtocol.Request> device(String name) {
    return device(new DeviceName(name));
  }

  private static Value.Fields motor(Map<String, Value> more) {
    Value.Fields settings = DeviceConfig.of("any", "SimMotor", Value.Fields.EMPTY).settings();
    return settings.with(new Value.Fields(more));
  }

  private static List<DeviceEntry> motors(String... names) {
    return Stream.of(names)
        .map(name -> new DeviceEntry(new DeviceName(name), HUTCH, motor(Map.of())))
        .toList();
  }

  private void follow(
      TestProbe<HutchDevicesProtocol.Request> who, long version, List<DeviceEntry> file) {
    registry.tell(
        new FollowHutch(
            HUTCH,
            "127.0.0.1:1",
            new FileMark("eh1.yaml", FileDigest.of(file), 10),
            version,
            who.getRef()));
  }

  private static void gives(
      TestProbe<HutchDevicesProtocol.Request> who, List<DeviceEntry> file, String... mistakes) {
    ReadFile read =
        (ReadFile)
            who.fishForMessage(
                    LONG,
                    message ->
                        message instanceof ReadFile
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore())
                .get(0);
    read.replyTo()
        .tell(
            new FileContent(
                HUTCH,
                "127.0.0.1:1",
                new FileMark("eh1.yaml", FileDigest.of(file), 20),
                file,
                List.of(mistakes)));
  }

  /** A node has started with these motors in its file. */
  private TakeDevices loaded(String... names) {
    follow(node, 0, motors(names));
    gives(node, motors(names));
    return node.expectMessageClass(TakeDevices.class);
  }

  private static List<String> names(List<DeviceEntry> entries) {
    return entries.stream().map(entry -> entry.name().value()).toList();
  }

  private <T> T ask(Class<T> type, Function<ActorRef<T>, Request> question) {
    TestProbe<T> probe = KIT.createTestProbe(type);
    registry.tell(question.apply(probe.getRef()));
    return probe.receiveMessage();
  }

  private ConfigView config() {
    return ask(ConfigView.class, GetConfig::new);
  }

  private TestProbe<ChangeReply> change(Function<ActorRef<ChangeReply>, Request> request) {
    TestProbe<ChangeReply> probe = KIT.createTestProbe();
    registry.tell(request.apply(probe.getRef()));
    return probe;
  }

  private static List<DeviceName> all(String... names) {
    return Stream.of(names).map(DeviceName::new).toList();
  }

  private TestProbe<ChangeReply> disable(boolean force, String... names) {
    return change(
        replyTo ->
            new UpdateDevices(
                all(names),
                Value.Fields.EMPTY.with("enabled", Value.of(false)),
                force,
                WHO,
                replyTo));
  }

  private void isFree(String name) {
    device(name)
        .expectMessageClass(Reserve.class)
        .replyTo()
        .tell(new Reserved(new DeviceName(name)));
  }

  private static Change made(TestProbe<ChangeReply> reply) {
    return reply.expectMessageClass(ChangeMade.class).change();
  }

  private static Refusal refused(TestProbe<ChangeReply> reply) {
    return reply.expectMessageClass(ChangeRefused.class).refusal();
  }

  @Test
  void beginsWithTheDeviceFileOfTheFirstNode() {
    TakeDevices take = loaded("samx", "samy");

    assertThat(names(take.devices())).containsExactly("samx", "samy");
    ConfigView view = config();
    assertThat(names(view.devices())).containsExactly("samx", "samy");
    assertThat(view.hutches())
        .singleElement()
        .satisfies(hutch -> assertThat(hutch.changed()).isFalse());
    // a second node with the same file gets the same devices without a question
    TestProbe<HutchDevicesProtocol.Request> second = KIT.createTestProbe();
    follow(second, 0, motors("samx", "samy"));
    assertThat(second.expectMessageClass(TakeDevices.class).version()).isEqualTo(take.version());
  }

  @Test
  void changesADeviceThatNobodyUsesAndTellsTheHutch() {
    loaded("samx", "samy");
    TestProbe<ChangeReply> reply = disable(false, "samx");
    isFree("samx");

    Change change = made(reply);
    assertThat(change.kind()).isEqualTo("updated");
    assertThat(change.devices().get(0).after().get("enabled")).isEqualTo(Value.of(false));
    TakeDevices take = node.expectMessageClass(TakeDevices.class);
    assertThat(take.devices().get(0).settings().get("enabled")).isEqualTo(Value.of(false));
    assertThat(config().hutches().get(0).changed()).isTrue();
    // what is so already is no change, and asks nobody
    assertThat(made(disable(false, "samx")).version()).isZero();
    device("samx").expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void refusesAllIfOneDeviceIsInUse() {
    loaded("samx", "samy");
    TestProbe<ChangeReply> reply = disable(false, "samx", "samy");
    isFree("samx");
    device("samy")
        .expectMessageClass(Reserve.class)
        .replyTo()
        .tell(
            new NotReserved(
                new DeviceName("samy"), Refusal.of("in-use", "samy is used by the scan")));

    assertThat(refused(reply).code()).isEqualTo("in-use");
    device("samx").expectMessageClass(Release.class);
    assertThat(config().hutches().get(0).changed()).isFalse();
  }

  private void addsGroup(String name, String member) {
    Value.Fields config = Value.Fields.EMPTY.with("devices", Value.of(member));
    Value.Fields settings = DeviceConfig.of(name, "DeviceGroup", config).settings();
    made(change(replyTo -> new AddDevice(new DeviceName(name), null, settings, WHO, replyTo)));
  }

  @Test
  void refusesWhileADeviceIsInUseThatIsMadeOfTheChangedOne() {
    loaded("bragg", "samx");
    addsGroup("mono", "bragg");
    addsGroup("optics", "mono");
    TestProbe<ChangeReply> reply =
        change(
            replyTo ->
                new UpdateDevices(
                    all("bragg"),
                    Value.Fields.EMPTY.with("description", Value.of("the crystal")),
                    true,
                    WHO,
                    replyTo));
    isFree("bragg");
    isFree("mono");
    device("optics")
        .expectMessageClass(Reserve.class)
        .replyTo()
        .tell(
            new NotReserved(
                new DeviceName("optics"), Refusal.of("in-use", "optics is used by the scan")));

    assertThat(refused(reply)).isEqualTo(Refusal.of("in-use", "optics is used by the scan"));
    device("bragg").expectMessageClass(Release.class);
    device("mono").expectMessageClass(Release.class);
    device("samx").expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void remembersWhoHasAskedForAChange() {
    loaded("samx");
    TestProbe<ChangeReply> reply = disable(false, "samx");
    isFree("samx");
    assertThat(made(reply).who()).isEqualTo(WHO);
    reply = change(replyTo -> new UndoChange(false, "ana at 10.0.0.6", replyTo));
    isFree("samx");
    assertThat(made(reply).who()).isEqualTo("ana at 10.0.0.6");
    KIT.stop(registry);
    registry = spawn(SETTINGS);

    // the file was loaded by nobody; and what is taken back keeps who had asked for it
    assertThat(ask(Changes.class, GetChanges::new).changes())
        .extracting(Change::who)
        .containsExactly("", WHO, "ana at 10.0.0.6");
  }

  @Test
  void aDeviceFileWithMistakesIsNotTakenInAndIsToldOf() {
    loaded("samx");
    TestProbe<HutchDevicesProtocol.Request> again = KIT.createTestProbe();
    registry.tell(
        new FollowHutch(
            HUTCH,
            "127.0.0.1:2",
            new FileMark("eh1.yaml", FileDigest.of(motors()), 30),
            0,
            List.of("eh1.yaml:7: samy.deviceClass: missing"),
            again.getRef()));
    assertThat(names(again.expectMessageClass(TakeDevices.class).devices()))
        .containsExactly("samx");
    assertThat(config().hutches().get(0).differences())
        .singleElement()
        .asString()
        .contains("eh1.yaml on 127.0.0.1:2", "eh1.yaml:7: samy.deviceClass: missing");
  }

  @Test
  void makesChangesOneAfterTheOther() {
    loaded("samx", "samy");
    TestProbe<ChangeReply> first = disable(false, "samx");
    TestProbe<ChangeReply> second = disable(false, "samy");
    isFree("samx");
    assertThat(made(first).version()).isEqualTo(2);
    isFree("samy");
    assertThat(made(second).version()).isEqualTo(3);
  }

  @Test
  void refusesWhatCantBe() {
    loaded("samx", "samy");
    Function<Map<String, Value>, Refusal> update =
        settings ->
            refused(
                change(
                    replyTo ->
                        new UpdateDevices(
                            all("samx"), new Value.Fields(settings), false, WHO, replyTo)));

    assertThat(update.apply(Map.of("needs", Value.of(List.of()))).code())
        .isEqualTo("not-updatable");
    assertThat(update.apply(Map.of("readOnl", Value.of(true))).text())
        .contains("did you mean 'readOnly'?");
    assertThat(update.apply(Map.of("readoutPriority", Value.of("often"))).code())
        .isEqualTo("bad-device-config");
    assertThat(refused(disable(false, "sammx")).text()).contains("did you mean 'samx'?");
    assertThat(
            refused(
                    change(
                        replyTo ->
                            new AddDevice(
                                new DeviceName("samx"), null, motor(Map.of()), WHO, replyTo)))
                .code())
        .isEqualTo("device-exists");
    assertThat(
            refused(
                    change(
                        replyTo ->
                            new AddDevice(
                                new DeviceName("samz"),
                                new HutchName("nowhere"),
                                motor(Map.of()),
                                WHO,
                                replyTo)))
                .text())
        .contains("nowhere", "eh1");
    assertThat(
            refused(
                    change(
                        replyTo ->
                            new AddDevice(
                                new DeviceName("samz"),
                                null,
                                motor(Map.of("needs", Value.of(List.of(Value.of("gone"))))),
                                WHO,
                                replyTo)))
                .code())
        .isEqualTo("needed");
    assertThat(refused(change(replyTo -> new UndoChange(false, WHO, replyTo))).code())
        .isEqualTo("nothing-to-undo");
  }

  @Test
  void keepsADeviceThatAnotherOneNeeds() {
    loaded("samx");
    Map<String, Value> needs = Map.of("needs", Value.of(List.of(Value.of("samx"))));
    made(
        change(replyTo -> new AddDevice(new DeviceName("samy"), null, motor(needs), WHO, replyTo)));

    TestProbe<ChangeReply> alone =
        change(replyTo -> new RemoveDevices(all("samx"), false, WHO, replyTo));
    assertThat(refused(alone).text()).contains("samy.needs: there is no device samx");
    TestProbe<ChangeReply> both =
        change(replyTo -> new RemoveDevices(all("samx", "samy"), false, WHO, replyTo));
    isFree("samx");
    isFree("samy");
    assertThat(made(both).count()).isEqualTo(2);
  }

  @Test
  void mergesTheKeysOfADevicesOwnConfig() {
    loaded("samx");
    for (Value.Fields own :
        List.of(
            Value.Fields.EMPTY.with("delay", Value.of(1)).with("precision", Value.of(3)),
            Value.Fields.EMPTY.with("delay", Value.None.NONE))) {
      TestProbe<ChangeReply> reply =
          change(
              replyTo ->
                  new UpdateDevices(
                      all("samx"),
                      Value.Fields.EMPTY.with("deviceConfig", own),
                      false,
                      WHO,
                      replyTo));
      isFree("samx");
      made(reply);
    }
    assertThat(config().devices().get(0).settings().get("deviceConfig"))
        .isEqualTo(Value.Fields.EMPTY.with("precision", Value.of(3)));
  }

  @Test
  void takesChangesBackOneByOne() {
    loaded("samx");
    made(change(r -> new AddDevice(new DeviceName("samy"), HUTCH, motor(Map.of()), WHO, r)));
    TestProbe<ChangeReply> disabled = disable(false, "samx");
    isFree("samx");
    made(disabled);

    TestProbe<ChangeReply> undo = change(replyTo -> new UndoChange(false, WHO, replyTo));
    isFree("samx");
    assertThat(made(undo).undoes()).isEqualTo(3);
    undo = change(replyTo -> new UndoChange(false, WHO, replyTo));
    isFree("samy");
    assertThat(made(undo).undoes()).isEqualTo(2);
    assertThat(names(config().devices())).containsExactly("samx");
    assertThat(config().hutches().get(0).changed()).isFalse();
    assertThat(ask(Changes.class, GetChanges::new).changes())
        .extracting(change -> change.kind() + change.undone())
        .containsExactly("loadedfalse", "addedtrue", "updatedtrue", "undonefalse", "undonefalse");
  }

  @Test
  void remembersEverythingAfterAStop() {
    loaded("samx");
    made(change(r -> new AddDevice(new DeviceName("samy"), HUTCH, motor(Map.of()), WHO, r)));
    ConfigView before = config();
    KIT.stop(registry);
    registry = spawn(SETTINGS);

    ConfigView after = config();
    assertThat(after.devices()).isEqualTo(before.devices());
    assertThat(after.version()).isEqualTo(before.version());
    // a node that has run on is told what it has missed
    follow(node, 1, motors("samx"));
    TakeDevices missed =
        (TakeDevices)
            node.fishForMessage(
                    LONG,
                    message ->
                        message instanceof TakeDevices take && take.devices().size() == 2
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore())
                .get(0);
    assertThat(missed.version()).isEqualTo(2);
  }

  @Test
  void takesInTheFileOfANodeThatStartsAsLongAsNothingWasChanged() {
    loaded("samx");
    KIT.stop(registry);
    registry = spawn(SETTINGS);
    follow(node, 0, motors("samx", "samz"));
    gives(node, motors("samx", "samz"));
    assertThat(names(node.expectMessageClass(TakeDevices.class).devices()))
        .containsExactly("samx", "samz");

    made(change(r -> new AddDevice(new DeviceName("samy"), HUTCH, motor(Map.of()), WHO, r)));
    KIT.stop(registry);
    registry = spawn(SETTINGS);
    // its nodes have gone with it
    TestProbe<HutchDevicesProtocol.Request> anew = KIT.createTestProbe();
    follow(anew, 0, motors("other"));
    assertThat(names(anew.expectMessageClass(TakeDevices.class).devices()))
        .containsExactly("samx", "samz", "samy");
    assertThat(config().hutches().get(0).differences())
        .singleElement()
        .satisfies(text -> assertThat(text).contains("eh1.yaml").contains("is not in force"));
  }

  @Test
  void reloadsTheFileOnRequestAndTellsItsMistakes() {
    loaded("samx", "samy");
    TestProbe<ChangeReply> reply = change(replyTo -> new ReloadDevices(HUTCH, false, WHO, replyTo));
    gives(node, List.of(), "eh1.yaml:3: samx.enabled: missing");
    assertThat(refused(reply).text()).isEqualTo("eh1.yaml:3: samx.enabled: missing");

    reply = change(replyTo -> new ReloadDevices(null, false, WHO, replyTo));
    gives(node, motors("samx", "samz"));
    isFree("samy");
    assertThat(made(reply).count()).isEqualTo(2);
    assertThat(names(config().devices())).containsExactly("samx", "samz");
    assertThat(config().hutches().get(0).changed()).isFalse();
    device("samx").expectNoMessage(Duration.ofMillis(50));
  }

  @Test
  void changesByForceWhatNobodyAnswersFor() {
    loaded("samx");
    KIT.stop(registry);
    // now that the node has answered
    registry =
        spawn(
            new RegistrySettings(
                50, 50, Duration.ofMillis(50), Duration.ofSeconds(20), Duration.ofSeconds(5)));
    follow(node, 1, motors("samx"));
    TestProbe<ChangeReply> silent = disable(false, "samx");
    Refusal refusal = silent.receiveMessage() instanceof ChangeRefused no ? no.refusal() : null;
    assertThat(refusal.code()).isEqualTo("not-answering");
    assertThat(made(disable(true, "samx")).count()).isEqualTo(1);

    KIT.stop(registry);
    registry = spawn(SETTINGS);
    assertThat(refused(change(r -> new RemoveDevices(all("samx"), false, WHO, r))).code())
        .isEqualTo("not-answering");
    made(change(r -> new RemoveDevices(all("samx"), true, WHO, r)));
    assertThat(directory.expectMessageClass(DeviceDirectoryProtocol.Gone.class).device())
        .isEqualTo(new DeviceName("samx"));
  }

  @Test
  void keepsAsManyChangesAsItsSettingsSayNowAlsoAfterASnapshot() {
    KIT.stop(registry);
    registry = spawn(settings(50, 2));
    loaded("samx");
    for (int i = 0; i < 5; i++) {
      TestProbe<ChangeReply> reply = describe("samx", "text " + i, false);
      isFree("samx");
      made(reply);
    }
    KIT.stop(registry);
    registry = spawn(settings(3, 2));
    // no node has said yet that it runs the device
    made(describe("samx", "the last text", true));
    assertThat(ask(Changes.class, GetChanges::new).changes()).hasSize(3);
  }

  private TestProbe<ChangeReply> describe(String name, String text, boolean force) {
    return change(
        replyTo ->
            new UpdateDevices(
                all(name),
                Value.Fields.EMPTY.with("description", Value.of(text)),
                force,
                WHO,
                replyTo));
  }

  private static RegistrySettings settings(int history, int snapshotEvery) {
    return new RegistrySettings(
        history,
        snapshotEvery,
        SETTINGS.answerTimeout(),
        SETTINGS.reservation(),
        SETTINGS.patience());
  }

  @Test
  void whatWaitsForAChangeThatTheJournalDoesNotTakeIsRefused() {
    loaded("samx", "samy");
    TestProbe<ChangeReply> first = disable(false, "samx");
    TestProbe<ChangeReply> second = disable(false, "samy");
    PersistenceTestKit.create(KIT.system()).failNextPersisted("device-registry|" + beamline);
    isFree("samx");

    assertThat(refused(first).text()).contains("did not confirm", "see the history");
    assertThat(refused(second).text()).contains("nothing of it was made");
    assertThat(config().devices())
        .allSatisfy(each -> assertThat(each.settings().get("enabled")).isEqualTo(Value.of(true)));
  }
}

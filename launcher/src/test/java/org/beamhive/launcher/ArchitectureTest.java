package org.beamhive.launcher;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.ClassReader;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.ClassVisitor;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.MethodVisitor;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.Opcodes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows between modules and packages, and what actors must not do. */
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.beamhive");

  /** Where actors live: what blocks here blocks others. */
  private static final String[] ACTOR_PACKAGES = {
    "org.beamhive.devices.actor..",
    "org.beamhive.devices.registry..",
    "org.beamhive.actors.analysis..",
    "org.beamhive.actors.bridge..",
    "org.beamhive.actors.bundle..",
    "org.beamhive.actors.catalog..",
    "org.beamhive.actors.engine..",
    "org.beamhive.actors.filewriter.actor..",
    "org.beamhive.actors.hub..",
    "org.beamhive.actors.queue..",
    "org.beamhive.actors.run..",
    "org.beamhive.actors.web..",
    "org.beamhive.launcher.join..",
    "org.beamhive.launcher.node.."
  };

  /** The rooms of the module actors; sub-packages belong to their room. */
  private static final Set<String> ROOMS =
      Set.of(
          "analysis",
          "bridge",
          "bundle",
          "catalog",
          "engine",
          "filewriter",
          "hub",
          "queue",
          "run",
          "scans",
          "web");

  /** Which room of the module actors may import which: all other talk goes through protocol. */
  private static final Map<String, Set<String>> DOORS =
      Map.of(
          "engine", Set.of("scans"),
          "filewriter", Set.of("run"),
          "bridge", Set.of("run"),
          "web", Set.of("run"));

  @Test
  void allModulesAreLookedAt() {
    assertThat(ALL.size()).isGreaterThan(200);
    for (String module :
        List.of("protocol", "devices", "actors", "persistence", "cluster", "launcher")) {
      assertThat(ALL.stream().filter(type -> in(type, "org.beamhive." + module)).count())
          .as(module)
          .isPositive();
    }
  }

  // ------------------------------------------------------------------ modules

  @Test
  void protocolImportsNoOtherModule() {
    onlyOurs("protocol", "protocol");
  }

  @Test
  void devicesImportOnlyTheProtocol() {
    onlyOurs("devices", "protocol", "devices");
  }

  @Test
  void actorsImportOnlyTheProtocol() {
    onlyOurs("actors", "protocol", "actors");
  }

  @Test
  void persistenceImportsNothingOfOurs() {
    onlyOurs("persistence", "persistence");
  }

  @Test
  void clusterConfigImportsNothingOfOurs() {
    onlyOurs("cluster", "cluster");
  }

  @Test
  void everyClassBelongsToAModule() {
    classes()
        .should()
        .resideInAnyPackage(
            "org.beamhive.protocol..",
            "org.beamhive.devices..",
            "org.beamhive.actors..",
            "org.beamhive.persistence..",
            "org.beamhive.cluster..",
            "org.beamhive.launcher..")
        .check(ALL);
  }

  private static void onlyOurs(String module, String... allowed) {
    String[] others =
        java.util.Arrays.stream(allowed)
            .map(name -> "org.beamhive." + name + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("org.beamhive." + module + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("org.beamhive..").and(not(resideInAnyPackage(others))))
        .check(ALL);
  }

  // ------------------------------------------------------------------ Akka

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.beamhive.protocol.model..",
        "org.beamhive.protocol.document..",
        "org.beamhive.protocol.plan..",
        "org.beamhive.devices.signal..",
        "org.beamhive.devices.backend..",
        "org.beamhive.devices.type..",
        "org.beamhive.devices.config..",
        "org.beamhive.devices.ioc..",
        "org.beamhive.actors.scans..",
        "org.beamhive.actors.filewriter.hdf5..",
        "org.beamhive.actors.filewriter.nexus..",
        "org.beamhive.cluster.."
      })
  void knowsNoAkka(String room) {
    noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("akka..")
        .check(ALL);
  }

  @Test
  void ofAkkaTheProtocolKnowsOnlyRefs() {
    noClasses()
        .that()
        .resideInAPackage("org.beamhive.protocol..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("akka..")
                .and(
                    DescribedPredicate.describe(
                        "are not ActorRef or StatusReply",
                        type ->
                            !type.getName().equals("akka.actor.typed.ActorRef")
                                && !type.getName().equals("akka.pattern.StatusReply"))))
        .check(ALL);
  }

  // ------------------------------------------------------------------ packages

  @Test
  void roomsOfActorsMeetThroughTheProtocol() {
    roomsMeetOnlyThrough(DOORS);
  }

  private static void roomsMeetOnlyThrough(Map<String, Set<String>> doors) {
    classes()
        .that()
        .resideInAPackage("org.beamhive.actors..")
        .should(
            new ArchCondition<JavaClass>("use no other room but through a door") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                String from = room(type);
                type.getDirectDependenciesFromSelf()
                    .forEach(
                        dependency -> {
                          JavaClass target = dependency.getTargetClass().getBaseComponentType();
                          String to = in(target, "org.beamhive.actors") ? room(target) : from;
                          boolean allowed =
                              to.equals(from) || doors.getOrDefault(from, Set.of()).contains(to);
                          events.add(
                              new SimpleConditionEvent(
                                  dependency, allowed, dependency.getDescription()));
                        });
              }
            })
        .check(ALL);
  }

  @Test
  void everyRoomOfActorsIsKnownHere() {
    Set<String> found = new TreeSet<>();
    ALL.stream()
        .filter(type -> in(type, "org.beamhive.actors"))
        .forEach(type -> found.add(room(type)));
    assertThat(ROOMS).containsAll(found);
  }

  private static String room(JavaClass type) {
    String[] names = type.getPackageName().split("\\.");
    return names.length > 3 ? names[3] : "";
  }

  @Test
  void hdf5KnowsNoOtherPackageOfTheFileWriter() {
    noClasses()
        .that()
        .resideInAPackage("org.beamhive.actors.filewriter.hdf5..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("org.beamhive..")
                .and(not(resideInAPackage("org.beamhive.actors.filewriter.hdf5.."))))
        .check(ALL);
  }

  @Test
  void nexusKnowsNoActor() {
    noClasses()
        .that()
        .resideInAPackage("org.beamhive.actors.filewriter.nexus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.beamhive.actors.filewriter.actor..", "org.beamhive.actors.run..")
        .check(ALL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.beamhive.protocol",
        "org.beamhive.devices",
        "org.beamhive.actors",
        "org.beamhive.persistence",
        "org.beamhive.launcher"
      })
  void packagesHaveNoCycles(String module) {
    slices().matching(module + ".(**)").should().beFreeOfCycles().check(ALL);
  }

  // ------------------------------------------------------------------ state and output

  @Test
  void noStaticFieldChanges() {
    fields()
        .that()
        .areStatic()
        .and(
            DescribedPredicate.describe(
                "are written by people",
                field -> !field.getModifiers().contains(JavaModifier.SYNTHETIC)))
        .should()
        .beFinal()
        .andShould(
            new ArchCondition<JavaField>("hold nothing that is made to be changed") {
              @Override
              public void check(JavaField field, ConditionEvents events) {
                boolean changes = CHANGING.stream().anyMatch(field.getRawType()::isAssignableTo);
                events.add(
                    new SimpleConditionEvent(
                        field, !changes, field.getDescription() + " can be changed"));
              }
            })
        .check(ALL);
  }

  private static final List<Class<?>> CHANGING =
      List.of(
          AtomicBoolean.class,
          AtomicInteger.class,
          AtomicLong.class,
          AtomicReference.class,
          java.util.concurrent.atomic.LongAdder.class,
          java.util.concurrent.ConcurrentMap.class,
          java.util.HashMap.class,
          java.util.TreeMap.class,
          java.util.EnumMap.class,
          java.util.HashSet.class,
          java.util.TreeSet.class,
          ArrayList.class,
          java.util.Queue.class,
          ThreadLocal.class);

  @Test
  void onlyTheLauncherWritesToTheTerminal() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.beamhive.launcher..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(ALL);
  }

  // ------------------------------------------------------------------ actors

  @Test
  void noActorSleepsOrWaits() {
    codeUnits()
        .that()
        .areDeclaredInClassesThat()
        .resideInAnyPackage(ACTOR_PACKAGES)
        .should(
            new ArchCondition<>("call nothing that waits") {
              @Override
              public void check(
                  com.tngtech.archunit.core.domain.JavaCodeUnit unit, ConditionEvents events) {
                Collection<JavaAccess<?>> accesses = new ArrayList<>(unit.getMethodCallsFromSelf());
                accesses.addAll(unit.getMethodReferencesFromSelf());
                for (JavaAccess<?> access : accesses) {
                  events.add(
                      new SimpleConditionEvent(access, !waits(access), access.getDescription()));
                }
              }
            })
        .check(ALL);
  }

  private static boolean waits(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    String name = access.getTarget().getName();
    return switch (name) {
      case "sleep" ->
          owner.isEquivalentTo(Thread.class)
              || owner.isAssignableTo(java.util.concurrent.TimeUnit.class);
      case "get", "resultNow" -> owner.isAssignableTo(Future.class);
      case "join" -> owner.isAssignableTo(Future.class) || owner.isAssignableTo(Thread.class);
      case "getNow" -> false;
      case "wait" -> true;
      case "await", "acquire", "ready", "result" ->
          owner.getPackageName().startsWith("java.util.concurrent")
              || owner.getName().equals("scala.concurrent.Await");
      default -> false;
    };
  }

  /**
   * Plain classes in actor packages that may take a lock, each with its reason.
   *
   * <ul>
   *   <li>DeviceResources is an Akka extension and no actor: all devices of a node share one
   *       Channel Access context, which must be opened once whoever asks first.
   * </ul>
   */
  private static final Set<String> MAY_LOCK = Set.of("org.beamhive.devices.actor.DeviceResources");

  private static final DescribedPredicate<JavaClass> MAY_NOT_LOCK =
      resideInAnyPackage(ACTOR_PACKAGES)
          .and(
              DescribedPredicate.describe(
                  "have no leave to lock", type -> !MAY_LOCK.contains(type.getName())));

  @Test
  void noActorTakesALock() {
    noClasses()
        .that(MAY_NOT_LOCK)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.util.concurrent.locks..")
        .check(ALL);
    classes()
        .that(MAY_NOT_LOCK)
        .should(
            new ArchCondition<>("not be synchronized anywhere") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                for (String method : synchronizedMethods(type)) {
                  events.add(
                      SimpleConditionEvent.violated(
                          type, type.getName() + "." + method + " is synchronized"));
                }
              }
            })
        .check(ALL);
    assertThat(MAY_LOCK).allMatch(ALL::contain);
  }

  /** Read from the byte code, since ArchUnit does not see synchronized blocks. */
  private static Set<String> synchronizedMethods(JavaClass type) {
    Set<String> found = new TreeSet<>();
    try (InputStream bytes = type.getSource().orElseThrow().getUri().toURL().openStream()) {
      new ClassReader(bytes)
          .accept(
              new ClassVisitor(Opcodes.ASM9) {
                @Override
                public MethodVisitor visitMethod(
                    int access, String name, String descriptor, String sign, String[] thrown) {
                  if ((access & Opcodes.ACC_SYNCHRONIZED) != 0) {
                    found.add(name);
                  }
                  return new MethodVisitor(Opcodes.ASM9) {
                    @Override
                    public void visitInsn(int opcode) {
                      if (opcode == Opcodes.MONITORENTER) {
                        found.add(name);
                      }
                    }
                  };
                }
              },
              ClassReader.SKIP_DEBUG);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  @Test
  void whatAnActorTellsItselfStaysInOnePackage() {
    Map<String, Set<String>> packages = new TreeMap<>();
    for (JavaClass type : ALL) {
      for (JavaClass internal : type.getAllRawInterfaces()) {
        if (internal.getSimpleName().equals("Internal") && in(internal, "org.beamhive.protocol")) {
          packages
              .computeIfAbsent(internal.getName(), name -> new TreeSet<>())
              .add(type.getPackageName());
        }
      }
    }
    assertThat(packages).hasSizeGreaterThan(4);
    assertThat(packages).allSatisfy((internal, in) -> assertThat(in).as(internal).hasSize(1));
  }

  // ------------------------------------------------------------------ the rules themselves

  @Test
  void aRuleFailsWhereItIsBroken() {
    assertThatThrownBy(() -> onlyOurs("launcher", "launcher"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("org.beamhive.actors");
    assertThatThrownBy(() -> knowsNoAkka("org.beamhive.actors.queue.."))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> knowsNoAkka("org.beamhive.nowhere.."))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("failed to check any classes");
    assertThatThrownBy(() -> roomsMeetOnlyThrough(Map.of()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("org.beamhive.actors.scans");
    JavaClasses broken = new ClassFileImporter().importClasses(Broken.class);
    JavaClass type = broken.get(Broken.class);
    assertThat(type.getMethodCallsFromSelf().stream().filter(ArchitectureTest::waits).count())
        .isEqualTo(4);
    assertThat(synchronizedMethods(type)).containsExactlyInAnyOrder("waits", "locks");
  }

  /** Does all that an actor must not do. */
  static final class Broken {
    void waits(CompletableFuture<String> future) throws Exception {
      Thread.sleep(1);
      future.get();
      future.join();
      synchronized (this) {
        this.wait(1);
      }
    }

    synchronized void locks() {}
  }

  private static boolean in(JavaClass type, String root) {
    return type.getPackageName().equals(root) || type.getPackageName().startsWith(root + ".");
  }
}

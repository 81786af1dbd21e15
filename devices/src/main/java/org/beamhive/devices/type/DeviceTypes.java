package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.beamhive.devices.type.ConfigKey.Kind;

/** The one table of device types, by name and by the Python classes that they stand for. */
public final class DeviceTypes {
  /** Keys that BEC's simulated devices take and that mean nothing here. */
  private static final List<ConfigKey> BEC_SIM_KEYS =
      List.of(
          optional("device_access", Kind.ANY, "taken and not used"),
          optional("labels", Kind.ANY, "taken and not used"),
          optional("sim_init", Kind.ANY, "taken and not used"));

  /**
   * The detectors of ophyd's module {@code areadetector.detectors}: each is a camera with plugins.
   */
  static final List<String> AREA_DETECTORS =
      List.of(
          "AdscDetector",
          "Andor3Detector",
          "AndorDetector",
          "AreaDetector",
          "BrukerDetector",
          "DetectorBase",
          "DexelaDetector",
          "EigerDetector",
          "EmergentVisionDetector",
          "FirewireLinDetector",
          "FirewireWinDetector",
          "GreatEyesDetector",
          "LightFieldDetector",
          "Mar345Detector",
          "MarCCDDetector",
          "PSLDetector",
          "PerkinElmerDetector",
          "PilatusDetector",
          "PixiradDetector",
          "PointGreyDetector",
          "ProsilicaDetector",
          "PvaDetector",
          "PvcamDetector",
          "RoperDetector",
          "SimDetector",
          "URLDetector",
          "UVCDetector",
          "VimbaDetector",
          "Xspress3Detector");

  private final Map<String, DeviceType> byName = new LinkedHashMap<>();
  private final List<DeviceType> all;

  private DeviceTypes(List<DeviceType> types) {
    all = List.copyOf(types);
    for (DeviceType type : types) {
      add(type.name(), type);
      type.aliases().forEach(alias -> add(alias, type));
    }
  }

  /** The types that we have. */
  public static DeviceTypes standard() {
    return new DeviceTypes(
        List.of(
            new DeviceType(
                "EpicsMotor",
                Set.of(
                    "ophyd.EpicsMotor", "ophyd_devices.EpicsMotor", "ophyd.epics_motor.EpicsMotor"),
                EpicsMotor.KEYS,
                EpicsMotor::new),
            new DeviceType(
                "EpicsSignal",
                Set.of(
                    "ophyd.EpicsSignal", "ophyd_devices.EpicsSignal", "ophyd.signal.EpicsSignal"),
                EpicsSignal.KEYS,
                EpicsSignal::writable),
            new DeviceType(
                "EpicsSignalRO",
                Set.of(
                    "ophyd.EpicsSignalRO",
                    "ophyd_devices.EpicsSignalRO",
                    "ophyd.signal.EpicsSignalRO"),
                EpicsSignal.READ_ONLY_KEYS,
                EpicsSignal::readOnly),
            new DeviceType(
                "AreaDetector",
                areaDetectors(),
                AreaDetector.KEYS,
                AreaDetector::new,
                AreaDetector.CHECKS),
            new DeviceType(
                "EpicsFlyer", Set.of(), EpicsFlyer.KEYS, EpicsFlyer::new, EpicsFlyer.CHECKS),
            new DeviceType(
                "PseudoPositioner",
                Set.of(
                    "ophyd.PseudoPositioner",
                    "ophyd.pseudopos.PseudoPositioner",
                    "ophyd.sim.SPseudo1x3",
                    "ophyd.sim.SPseudo3x3"),
                PseudoPositioner.KEYS,
                PseudoPositioner::new,
                new PseudoConfig()),
            new DeviceType(
                "PseudoAxis",
                Set.of("ophyd.PseudoSingle", "ophyd.pseudopos.PseudoSingle"),
                PseudoAxis.KEYS,
                PseudoAxis::new,
                PseudoAxis.CHECKS),
            new DeviceType(
                "ComputedSignal",
                Set.of(
                    "ophyd_devices.ComputedSignal", "ophyd_devices.computed_signal.ComputedSignal"),
                ComputedSignal.KEYS,
                ComputedSignal::new,
                ComputedSignal.CHECKS),
            new DeviceType(
                "DeviceGroup", Set.of(), DeviceGroup.KEYS, DeviceGroup::new, DeviceGroup.CHECKS),
            new DeviceType(
                "EpicsSignalWithRBV",
                aliases("EpicsSignalWithRBV", "signal", "areadetector.base", "areadetector"),
                EpicsSignal.WITH_RBV_KEYS,
                EpicsSignal::withRbv),
            new DeviceType(
                "EpicsSignalNoValidation",
                aliases("EpicsSignalNoValidation", "signal"),
                EpicsSignal.KEYS,
                EpicsSignal::unvalidated),
            new DeviceType(
                "EpicsSignalPositioner",
                aliases("EpicsSignalPositioner", "positioner", "epics_motor"),
                EpicsSignal.KEYS,
                EpicsSignal::positioner),
            new DeviceType(
                "PVPositioner",
                aliases("PVPositioner", "pv_positioner"),
                PvPositioner.KEYS,
                PvPositioner::plain,
                PvPositioner.checks("PVPositioner")),
            new DeviceType(
                "PVPositionerPC",
                aliases("PVPositionerPC", "pv_positioner"),
                PvPositioner.KEYS,
                PvPositioner::putCompletes,
                PvPositioner.checks("PVPositionerPC")),
            new DeviceType(
                "PVPositionerIsClose",
                aliases("PVPositionerIsClose", "pv_positioner"),
                PvPositioner.KEYS,
                PvPositioner::isClose,
                PvPositioner.checks("PVPositionerIsClose")),
            new DeviceType(
                "PVPositionerComparator",
                aliases("PVPositionerComparator", "pv_positioner"),
                PvPositioner.KEYS,
                PvPositioner::compared,
                PvPositioner.checks("PVPositionerComparator")),
            new DeviceType(
                "EpicsScaler",
                aliases("EpicsScaler", "scaler"),
                EpicsScaler.KEYS,
                EpicsScaler::byNumber,
                EpicsScaler.CHECKS),
            new DeviceType(
                "ScalerCH",
                aliases("ScalerCH", "scaler"),
                EpicsScaler.KEYS,
                EpicsScaler::byName,
                EpicsScaler.CHECKS),
            new DeviceType(
                "EpicsMCARecord",
                aliases("EpicsMCARecord", "mca"),
                EpicsMca.KEYS,
                EpicsMca::record,
                EpicsMca.CHECKS),
            new DeviceType(
                "EpicsMCA",
                aliases("EpicsMCA", "mca"),
                EpicsMca.KEYS,
                EpicsMca::withRecords,
                EpicsMca.CHECKS),
            new DeviceType("Shutter", Set.of(), Shutter.KEYS, Shutter::shutter),
            new DeviceType("Valve", Set.of(), Shutter.KEYS, Shutter::valve),
            new DeviceType("Counter", Set.of(), Counter.KEYS, Counter::new),
            new DeviceType(
                "SimMotor",
                Set.of(
                    "SimPositioner",
                    "ophyd_devices.SimPositioner",
                    "ophyd_devices.SimLinearTrajectoryPositioner",
                    "ophyd.SoftPositioner",
                    "ophyd.sim.SynAxis",
                    "ophyd.sim.SynAxisEmptyHints",
                    "ophyd.sim.SynAxisNoHints",
                    "ophyd.sim.SynAxisNoPosition"),
                with(BEC_SIM_KEYS, SimMotor.KEYS),
                SimMotor::new),
            new DeviceType(
                "SimDetector",
                Set.of("ophyd.sim.SynGauss", "ophyd.sim.Syn2DGauss"),
                SimDetector.KEYS,
                SimDetector::new),
            new DeviceType(
                "SimMonitor",
                Set.of(
                    "ophyd_devices.SimMonitor",
                    "ophyd_devices.SimMonitorAsync",
                    "SimMonitorAsync",
                    "ophyd.sim.InvariantSignal",
                    "ophyd.sim.SynSignal",
                    "ophyd.sim.SynSignalRO"),
                with(BEC_SIM_KEYS, SimMonitor.KEYS),
                SimMonitor::new),
            new DeviceType(
                "SimCamera",
                Set.of(
                    "ophyd_devices.SimCamera",
                    "ophyd.sim.DirectImage",
                    "ophyd.sim.SynSignalWithRegistry"),
                with(BEC_SIM_KEYS, SimCamera.KEYS),
                SimCamera::new),
            new DeviceType(
                "SimWaveform",
                Set.of("ophyd_devices.SimWaveform"),
                with(BEC_SIM_KEYS, SimWaveform.KEYS),
                SimWaveform::new),
            new DeviceType(
                "SimFlyer",
                Set.of(
                    "ophyd_devices.SimFlyer",
                    "ophyd_devices.SynFlyer",
                    "ophyd.sim.MockFlyer",
                    "ophyd.sim.NewTrivialFlyer",
                    "ophyd.sim.TrivialFlyer"),
                with(BEC_SIM_KEYS, SimFlyer.KEYS),
                SimFlyer::new),
            new DeviceType("SimTemperature", Set.of(), SimTemperature.KEYS, SimTemperature::new),
            new DeviceType(
                "SimMultiDetector",
                Set.of(
                    "ophyd.sim.ABDetector", "ophyd.sim.DetWithConf", "ophyd.sim.DetWithCountTime"),
                SimMultiDetector.KEYS,
                SimMultiDetector::new),
            new DeviceType(
                "SimSignal",
                Set.of("ophyd_devices.SetableSignal", "ophyd.Signal", "ophyd.signal.Signal"),
                with(BEC_SIM_KEYS, SimSignal.KEYS),
                SimSignal::settable),
            new DeviceType(
                "SimPeriodicSignal",
                Set.of("ophyd.sim.SynPeriodicSignal"),
                SimSignal.PERIODIC_KEYS,
                SimSignal::periodic)));
  }

  /** What Python calls a class of ophyd: by its package, by ophyd_devices, and by its modules. */
  private static Set<String> aliases(String name, String... modules) {
    Set<String> aliases = new TreeSet<>(Set.of("ophyd." + name, "ophyd_devices." + name));
    for (String module : modules) {
      aliases.add("ophyd." + module + "." + name);
    }
    return aliases;
  }

  private static Set<String> areaDetectors() {
    Set<String> aliases = new TreeSet<>();
    AREA_DETECTORS.forEach(
        name -> aliases.addAll(aliases(name, "areadetector", "areadetector.detectors")));
    return aliases;
  }

  /** The type of this name or Python class. */
  public Optional<DeviceType> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The names of all types, without aliases. */
  public Set<String> names() {
    Set<String> names = new TreeSet<>();
    all.forEach(type -> names.add(type.name()));
    return Collections.unmodifiableSet(names);
  }

  /** All types. */
  public List<DeviceType> all() {
    return all;
  }

  private void add(String name, DeviceType type) {
    if (byName.putIfAbsent(name, type) != null) {
      throw new IllegalStateException("two device types are called " + name);
    }
  }

  private static List<ConfigKey> with(List<ConfigKey> more, List<ConfigKey> keys) {
    List<ConfigKey> both = new ArrayList<>(keys);
    both.addAll(more);
    return both;
  }
}

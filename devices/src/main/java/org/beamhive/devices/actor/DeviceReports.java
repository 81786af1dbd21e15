package org.beamhive.devices.actor;

import akka.actor.Address;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.protocol.device.DeviceDetails;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceView;

/** What others see of a device, and how the list of all devices learns of it. */
final class DeviceReports {
  /** What the list of devices shows may have changed. */
  enum FactsChanged implements DeviceProtocol.Internal {
    FACTS_CHANGED
  }

  /** It is time to tell the list of devices. */
  enum ReportDue implements DeviceProtocol.Internal {
    REPORT_DUE,
    REPORT_SOON
  }

  private final DeviceParts parts;
  private final DeviceConfig config;
  private final DeviceConnection connection;
  private final CommandsInHand commands;
  private final Motion motion;
  private final String node;

  DeviceReports(
      DeviceParts parts, DeviceConnection connection, CommandsInHand commands, Motion motion) {
    this.parts = parts;
    this.config = parts.config();
    this.connection = connection;
    this.commands = commands;
    this.motion = motion;
    this.node = nodeOf(parts.context().getSystem().address());
  }

  private static String nodeOf(Address address) {
    return address
        .getHost()
        .map(host -> host + ":" + address.getPort().map(Object::toString).orElse(""))
        .orElse("");
  }

  /** From now on the list is told at least so often. */
  void start() {
    parts
        .timers()
        .startTimerWithFixedDelay(ReportDue.REPORT_DUE, parts.settings().reportInterval());
  }

  void report() {
    parts.directory().tell(new DeviceDirectoryProtocol.Report(view()));
  }

  /** The actor has stopped: the device vanishes from the list if it is not to be there any more. */
  void ended() {
    HutchDevices devices = parts.watch().devices();
    if (devices.isKnown() && devices.find(parts.name()) == null) {
      parts.directory().tell(new DeviceDirectoryProtocol.Gone(parts.name()));
    }
  }

  DeviceView view() {
    String problem = connection.problem();
    String shown =
        problem.isEmpty() || !config.enabled()
            ? parts.watch().devices().problemOfNeeds(config)
            : problem;
    return DeviceViews.of(
        config,
        parts.hutch(),
        node,
        parts.device(),
        parts.watch().limits().of(parts.name()),
        state(),
        shown);
  }

  private DeviceView.State state() {
    if (!config.enabled()) {
      return DeviceView.State.DISABLED;
    }
    if (!connection.isConnected()) {
      return DeviceView.State.CONNECTING;
    }
    return commands.isBusy() || motion.isFlying() ? DeviceView.State.BUSY : DeviceView.State.READY;
  }

  /** All that is known of it, for a person who looks at it alone. */
  DeviceDetails details(DeviceHolder holder, CallBook calls) {
    return new DeviceDetails(
        view(),
        holder.shown(),
        calls.methods(),
        parts.device().facts().limits(),
        parts.watch().limits().of(parts.name()),
        parts.watch().limits().changes(parts.name()),
        calls.views());
  }
}

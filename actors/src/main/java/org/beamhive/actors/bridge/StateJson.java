package org.beamhive.actors.bridge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Locale;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.queue.QueueStatus;

/**
 * The states as JSON: the queue's in the words of the queue server, the devices' in those of BEC.
 */
final class StateJson {
  private interface Content {
    void write(JsonGenerator out) throws IOException;
  }

  private static final JsonFactory JSON = new JsonFactory();

  private StateJson() {}

  static byte[] queue(QueueStatus status) {
    return object(
        out -> {
          out.writeNumberField("items_in_queue", status.itemsInQueue());
          out.writeNumberField("items_in_history", status.itemsInHistory());
          out.writeStringField(
              "running_item_uid",
              status.runningItem() == null ? null : status.runningItem().value());
          out.writeStringField(
              "running_run_uid", status.runningRun() == null ? null : status.runningRun().value());
          out.writeStringField("manager_state", status.managerState());
          out.writeBooleanField("queue_stop_pending", status.queueStopPending());
          out.writeBooleanField("queue_autostart_enabled", status.queueAutostart());
          out.writeBooleanField("worker_environment_exists", status.environmentExists());
          out.writeStringField("worker_environment_state", status.environmentState());
          out.writeStringField("re_state", status.reState());
          out.writeBooleanField("pause_pending", status.pausePending());
          out.writeStringField("paused_because", status.pausedBecause());
          out.writeObjectFieldStart("plan_queue_mode");
          out.writeBooleanField("loop", status.loop());
          out.writeBooleanField("ignore_failures", status.ignoreFailures());
          out.writeEndObject();
          out.writeStringField("status_uid", status.statusUid());
          out.writeStringField("run_list_uid", status.runListUid());
          out.writeStringField("plan_queue_uid", status.planQueueUid());
          out.writeStringField("plan_history_uid", status.planHistoryUid());
        });
  }

  static byte[] device(DeviceView device) {
    return object(
        out -> {
          out.writeStringField("name", device.name().value());
          out.writeStringField("hutch", device.hutch().value());
          out.writeStringField("device_class", device.deviceClass());
          out.writeStringField("description", device.description());
          out.writeStringField("state", lower(device.state()));
          out.writeBooleanField("connected", device.connected());
          out.writeStringField("problem", device.problem());
          texts(
              "abilities",
              device.abilities().stream().map(StateJson::lower).sorted().toList(),
              out);
          out.writeStringField("readout_priority", device.readoutPriority().word());
          out.writeBooleanField("software_trigger", device.softwareTrigger());
          if (device.limits().set()) {
            out.writeArrayFieldStart("limits");
            out.writeNumber(device.limits().low());
            out.writeNumber(device.limits().high());
            out.writeEndArray();
          } else {
            out.writeNullField("limits");
          }
          out.writeStringField("units", device.units());
          out.writeNumberField("precision", device.precision());
          texts("hints", device.hints(), out);
          texts("tags", device.tags(), out);
        });
  }

  static byte[] removed(DeviceName device) {
    return object(
        out -> {
          out.writeStringField("name", device.value());
          out.writeBooleanField("removed", true);
        });
  }

  private static String lower(Enum<?> word) {
    return word.name().toLowerCase(Locale.ROOT);
  }

  private static void texts(String name, Collection<String> texts, JsonGenerator out)
      throws IOException {
    out.writeArrayFieldStart(name);
    for (String text : texts) {
      out.writeString(text);
    }
    out.writeEndArray();
  }

  private static byte[] object(Content content) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(512)) {
      try (JsonGenerator out = JSON.createGenerator(bytes)) {
        out.writeStartObject();
        content.write(out);
        out.writeEndObject();
      }
      return bytes.toByteArray();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}

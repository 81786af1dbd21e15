package org.beamhive.protocol.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * Writes documents as the event model's JSON. Numbers that JSON can't carry, NaN and the
 * infinities, are written as null, since most readers refuse the bare words; a limit that is none
 * is left out.
 *
 * <p>Format: the JSON schemas of event-model 1.24 (run_start, event_descriptor, event, run_stop,
 * stream_resource, stream_datum, resource, datum).
 */
public final class DocumentJson {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final ObjectWriter DATA_KEY = new ObjectMapper().writerFor(DataKey.class);

  /** What a start document says by itself, before its metadata. */
  private static final Set<String> OWN = Set.of("uid", "time", "scan_id");

  private DocumentJson() {}

  /** The document as one line of JSON. */
  public static String write(Document document) {
    StringWriter text = new StringWriter(512);
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      write(document, out);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.toString();
  }

  /** Writes the document as a JSON object. */
  public static void write(Document document, JsonGenerator out) throws IOException {
    out.writeStartObject();
    if (document instanceof Event event) {
      event(event, out);
    } else if (document instanceof RunStart start) {
      out.writeStringField("uid", start.uid());
      out.writeNumberField("time", start.time());
      out.writeNumberField("scan_id", start.scanId());
      for (Map.Entry<String, Value> field : start.metadata().fields().entrySet()) {
        // the check of a plan refuses these; a name must not come twice in any case
        if (!OWN.contains(field.getKey())) {
          out.writeFieldName(field.getKey());
          value(field.getValue(), out);
        }
      }
    } else if (document instanceof EventDescriptor descriptor) {
      descriptor(descriptor, out);
    } else if (document instanceof RunStop stop) {
      stop(stop, out);
    } else if (document instanceof AssetDocument asset) {
      AssetJson.write(asset, out);
    }
    out.writeEndObject();
  }

  private static void event(Event event, JsonGenerator out) throws IOException {
    out.writeStringField("uid", event.uid());
    out.writeNumberField("time", event.time());
    out.writeStringField("descriptor", event.descriptor());
    out.writeNumberField("seq_num", event.seqNum());
    out.writeObjectFieldStart("data");
    for (Reading reading : event.readings()) {
      out.writeFieldName(reading.key());
      value(reading.value(), out);
    }
    out.writeEndObject();
    out.writeObjectFieldStart("timestamps");
    for (Reading reading : event.readings()) {
      out.writeFieldName(reading.key());
      number(reading.timestamp(), out);
    }
    out.writeEndObject();
    out.writeObjectFieldStart("filled");
    for (String key : event.unfilled()) {
      out.writeBooleanField(key, false);
    }
    out.writeEndObject();
  }

  private static void descriptor(EventDescriptor descriptor, JsonGenerator out) throws IOException {
    out.writeStringField("uid", descriptor.uid());
    out.writeStringField("run_start", descriptor.run().value());
    out.writeNumberField("time", descriptor.time());
    out.writeStringField("name", descriptor.name());
    out.writeObjectFieldStart("data_keys");
    for (DeviceDescription device : descriptor.devices()) {
      dataKeys(device.dataKeys(), out);
    }
    out.writeEndObject();
    out.writeObjectFieldStart("configuration");
    for (DeviceDescription device : descriptor.devices()) {
      out.writeObjectFieldStart(device.name().value());
      configuration(device, out);
      out.writeEndObject();
    }
    out.writeEndObject();
    out.writeObjectFieldStart("hints");
    for (DeviceDescription device : descriptor.devices()) {
      out.writeObjectFieldStart(device.name().value());
      out.writeFieldName("fields");
      strings(device.hints(), out);
      out.writeEndObject();
    }
    out.writeEndObject();
    out.writeObjectFieldStart("object_keys");
    for (DeviceDescription device : descriptor.devices()) {
      out.writeFieldName(device.name().value());
      strings(List.copyOf(device.dataKeys().keySet()), out);
    }
    out.writeEndObject();
  }

  private static void configuration(DeviceDescription device, JsonGenerator out)
      throws IOException {
    out.writeObjectFieldStart("data");
    for (Reading reading : device.configuration()) {
      out.writeFieldName(reading.key());
      value(reading.value(), out);
    }
    out.writeEndObject();
    out.writeObjectFieldStart("timestamps");
    for (Reading reading : device.configuration()) {
      out.writeFieldName(reading.key());
      number(reading.timestamp(), out);
    }
    out.writeEndObject();
    out.writeObjectFieldStart("data_keys");
    dataKeys(device.configurationKeys(), out);
    out.writeEndObject();
  }

  private static void dataKeys(Map<String, DataKey> keys, JsonGenerator out) throws IOException {
    for (Map.Entry<String, DataKey> key : keys.entrySet()) {
      out.writeFieldName(key.getKey());
      out.writeRawValue(DATA_KEY.writeValueAsString(finite(key.getValue())));
    }
  }

  private static DataKey finite(DataKey key) {
    return new DataKey(
        key.dtype(),
        key.shape(),
        key.source(),
        key.units(),
        key.precision(),
        key.dtypeNumpy(),
        key.objectName(),
        key.choices(),
        finite(key.lowerCtrlLimit()),
        finite(key.upperCtrlLimit()),
        key.external());
  }

  private static Double finite(Double limit) {
    return limit == null || Double.isFinite(limit) ? limit : null;
  }

  private static void stop(RunStop stop, JsonGenerator out) throws IOException {
    out.writeStringField("uid", stop.uid());
    out.writeStringField("run_start", stop.run().value());
    out.writeNumberField("time", stop.time());
    out.writeStringField("exit_status", stop.exitStatus());
    out.writeStringField("reason", stop.reason());
    out.writeObjectFieldStart("num_events");
    for (Map.Entry<String, Long> stream : stop.numEvents().entrySet()) {
      out.writeNumberField(stream.getKey(), stream.getValue());
    }
    out.writeEndObject();
  }

  private static void strings(List<String> texts, JsonGenerator out) throws IOException {
    out.writeStartArray();
    for (String text : texts) {
      out.writeString(text);
    }
    out.writeEndArray();
  }

  /** Writes a value as plain JSON. */
  public static void value(Value value, JsonGenerator out) throws IOException {
    if (value instanceof Value.Num num) {
      number(num.value(), out);
    } else if (value instanceof Value.Int whole) {
      out.writeNumber(whole.value());
    } else if (value instanceof Value.Text text) {
      out.writeString(text.value());
    } else if (value instanceof Value.Bool bool) {
      out.writeBoolean(bool == Value.Bool.TRUE);
    } else if (value instanceof Value.Items list) {
      out.writeStartArray();
      for (Value item : list.items()) {
        value(item, out);
      }
      out.writeEndArray();
    } else if (value instanceof Value.Fields map) {
      out.writeStartObject();
      for (Map.Entry<String, Value> field : map.fields().entrySet()) {
        out.writeFieldName(field.getKey());
        value(field.getValue(), out);
      }
      out.writeEndObject();
    } else {
      out.writeNull();
    }
  }

  private static void number(double number, JsonGenerator out) throws IOException {
    if (Double.isFinite(number)) {
      out.writeNumber(number);
    } else {
      out.writeNull();
    }
  }
}

package org.beamhive.protocol.document;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.beamhive.protocol.model.RunUid;

/** Writes the fields of documents that name external data. */
final class AssetJson {
  private AssetJson() {}

  static void write(AssetDocument document, JsonGenerator out) throws IOException {
    if (document instanceof StreamResource file) {
      out.writeStringField("uid", file.uid());
      run(file.run(), out);
      out.writeStringField("data_key", file.dataKey());
      out.writeStringField("mimetype", file.mimetype());
      out.writeStringField("uri", file.uri());
      out.writeFieldName("parameters");
      DocumentJson.value(file.parameters(), out);
    } else if (document instanceof StreamDatum datum) {
      out.writeStringField("uid", datum.uid());
      out.writeStringField("stream_resource", datum.streamResource());
      out.writeStringField("descriptor", datum.descriptor());
      range("indices", datum.indices(), out);
      range("seq_nums", datum.seqNums(), out);
    } else if (document instanceof Resource file) {
      out.writeStringField("uid", file.uid());
      run(file.run(), out);
      out.writeStringField("spec", file.spec());
      out.writeStringField("root", file.root());
      out.writeStringField("resource_path", file.resourcePath());
      out.writeStringField("path_semantics", "posix");
      out.writeFieldName("resource_kwargs");
      DocumentJson.value(file.resourceKwargs(), out);
    } else if (document instanceof Datum datum) {
      out.writeStringField("datum_id", datum.datumId());
      out.writeStringField("resource", datum.resource());
      out.writeFieldName("datum_kwargs");
      DocumentJson.value(datum.datumKwargs(), out);
    }
  }

  private static void run(RunUid run, JsonGenerator out) throws IOException {
    if (run != null) {
      out.writeStringField("run_start", run.value());
    }
  }

  private static void range(String name, StreamDatum.Range range, JsonGenerator out)
      throws IOException {
    out.writeObjectFieldStart(name);
    out.writeNumberField("start", range.start());
    out.writeNumberField("stop", range.stop());
    out.writeEndObject();
  }
}

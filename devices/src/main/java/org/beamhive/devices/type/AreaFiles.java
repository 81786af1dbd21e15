package org.beamhive.devices.type;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Datum;
import org.beamhive.protocol.document.Resource;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.Value;

/**
 * Makes the documents that say where the frames are: of one file, or of one series of files.
 *
 * <p>A row is what one point has, {@code framesPerPoint} frames.
 */
final class AreaFiles {
  /** How the documents are to look. */
  enum Model {
    /** stream_resource and stream_datum. */
    STREAM,
    /** resource and datum. */
    RESOURCE
  }

  /**
   * What does not change from point to point.
   *
   * @param dataKey whose frames they are
   * @param hdf5 whether one HDF5 file has all frames; else each is a TIFF file
   * @param frame its shape, rows first
   * @param template areaDetector's template of the file name
   * @param root in resource documents, the part of the path that may differ where it is read
   */
  record Kind(
      Model model,
      String dataKey,
      boolean hdf5,
      int framesPerPoint,
      List<Integer> frame,
      String template,
      String root) {}

  private final Kind kind;
  private final AssetDocument resource;
  private final String uid = UUID.randomUUID().toString();
  private long rows;

  /**
   * Of one file.
   *
   * @param path its full path where it is read; of a series, of any one of them
   * @param fileName the name that was given to the plugin, without folder, number and ending
   */
  AreaFiles(Kind kind, String path, String fileName, double time) {
    this.kind = kind;
    this.resource =
        kind.model() == Model.STREAM ? stream(path, fileName, time) : classic(path, fileName, time);
  }

  /** The documents of the next row. */
  List<AssetDocument> next(double time) {
    long row = rows++;
    List<AssetDocument> documents = new ArrayList<>(2);
    documents.add(resource);
    String id = uid + "/" + row;
    documents.add(
        kind.model() == Model.STREAM
            ? new StreamDatum(
                id, uid, "", time, new StreamDatum.Range(row, row + 1), StreamDatum.Range.NONE)
            : new Datum(id, uid, time, Value.Fields.EMPTY.with("point_number", Value.of(row))));
    return documents;
  }

  private StreamResource stream(String path, String fileName, double time) {
    List<Value> chunk = new ArrayList<>(List.of(Value.of(1)));
    kind.frame().forEach(size -> chunk.add(Value.of(size)));
    Value.Fields parameters = Value.Fields.EMPTY.with("chunk_shape", Value.of(chunk));
    parameters =
        kind.hdf5()
            ? parameters.with("dataset", Value.of("/entry/data/data"))
            : parameters.with("template", Value.of(pythonTemplate(fileName)));
    return new StreamResource(
        uid,
        null,
        time,
        kind.dataKey(),
        kind.hdf5() ? "application/x-hdf5" : "multipart/related;type=image/tiff",
        uri(kind.hdf5() ? path : folder(path)),
        parameters);
  }

  private Resource classic(String path, String fileName, double time) {
    Value.Fields kwargs =
        Value.Fields.EMPTY.with("frame_per_point", Value.of(kind.framesPerPoint()));
    if (!kind.hdf5()) {
      kwargs =
          kwargs.with("template", Value.of(kind.template())).with("filename", Value.of(fileName));
    }
    String root = kind.root();
    String full = kind.hdf5() ? path : folder(path);
    String rest = full.startsWith(root) ? full.substring(root.length()) : full;
    return new Resource(
        uid,
        null,
        time,
        kind.hdf5() ? "AD_HDF5" : "AD_TIFF",
        full.startsWith(root) ? root : "/",
        rest.startsWith("/") ? rest.substring(1) : rest,
        kwargs);
  }

  private String pythonTemplate(String fileName) {
    String name = kind.template();
    int folder = name.indexOf("%s");
    name = folder < 0 ? name : name.substring(0, folder) + name.substring(folder + 2);
    name = name.replace("%s", fileName);
    return name.replaceAll("%(?:\\d*\\.)?0?(\\d+)d", "{:0$1d}").replace("%d", "{:d}");
  }

  private static String folder(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }

  private static String uri(String path) {
    try {
      return new URI("file", "localhost", path, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new DeviceFailure("wrong-path", "'" + path + "' is no full path of a file.");
    }
  }
}

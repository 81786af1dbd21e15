package org.beamhive.actors.filewriter.nexus;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.actors.filewriter.hdf5.ElementType;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.actors.filewriter.hdf5.Stream;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Datum;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.Resource;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * Links the files of devices into the file of a run: each under {@code
 * /entry/collection/file_references/DEVICE}, the first one also as the value of its signal, with
 * the file and the row of each event beside it. A file that can't be linked, because it is no HDF5,
 * is named.
 */
final class DeviceFiles {
  /** Stands for the row of an event that has none. */
  private static final long NONE = -1;

  private static final String HDF5 = "application/x-hdf5";
  private static final String DATASET = "/entry/data/data";

  /** One signal whose values are in files. */
  private static final class Place {
    private final DeviceName device;
    private final Group signal;
    private final Stream file;
    private final Stream row;
    private final List<String> resources = new ArrayList<>();

    Place(DeviceName device, Group signal) {
      this.device = device;
      this.signal = signal;
      file = signal.stream("file", ElementType.INT64);
      row = signal.stream("row", ElementType.INT64);
    }

    void put(long at, long inFile, long inRow) throws IOException {
      fill(at);
      if (file.rows() == at) {
        file.append(inFile);
      }
      if (row.rows() == at) {
        row.append(inRow);
      }
    }

    void fill(long length) throws IOException {
      while (file.rows() < length) {
        file.append(NONE);
      }
      while (row.rows() < length) {
        row.append(NONE);
      }
    }
  }

  private final Group collection;
  private final Path folder;
  private final Map<String, Map<String, Place>> streams = new HashMap<>();
  private final Map<String, String> streamOf = new HashMap<>();
  private final Map<String, AssetDocument> resources = new HashMap<>();
  private final Map<String, Datum> datums = new HashMap<>();
  private boolean changed;

  /**
   * Links into a file.
   *
   * @param collection {@code /entry/collection}
   * @param folder of the file, which the links are relative to
   */
  DeviceFiles(Group collection, Path folder) {
    this.collection = collection;
    this.folder = folder;
  }

  /** The path that a resource names; empty for other documents. */
  static Optional<String> path(AssetDocument document) {
    if (document instanceof StreamResource file) {
      return Optional.of(URI.create(file.uri()).getPath());
    }
    return document instanceof Resource file
        ? Optional.of(Path.of(file.root(), file.resourcePath()).toString())
        : Optional.empty();
  }

  boolean knows(String stream, String key) {
    return streams.getOrDefault(stream, Map.of()).containsKey(key);
  }

  void describe(String stream, DeviceName device, String key, DataKey description, Group signal) {
    if (description.source() != null) {
      signal.attribute("source", description.source());
    }
    signal.attribute("external", description.external());
    streams.computeIfAbsent(stream, name -> new HashMap<>()).put(key, new Place(device, signal));
    changed = true;
  }

  void descriptor(EventDescriptor descriptor) {
    streamOf.put(descriptor.uid(), descriptor.name());
  }

  /** A file, or where in it the data of an event are. */
  void refer(AssetDocument document) throws IOException {
    if (document.namesFile()) {
      resources.put(document.uid(), document);
    } else if (document instanceof StreamDatum datum
        && resources.get(datum.streamResource()) instanceof StreamResource resource) {
      Place place = place(streamOf.get(datum.descriptor()), resource.dataKey());
      if (place != null) {
        long file = number(place, resource);
        for (long i = 0; i < datum.seqNums().stop() - datum.seqNums().start(); i++) {
          place.put(datum.seqNums().start() + i - 1, file, datum.indices().start() + i);
        }
      }
    } else if (document instanceof Datum datum) {
      datums.put(datum.datumId(), datum);
    }
  }

  /** In the classic model the event says which datum it has. */
  void add(Event event) throws IOException {
    for (String key : event.unfilled()) {
      Place place = place(streamOf.get(event.descriptor()), key);
      for (Reading reading : event.readings()) {
        if (place != null
            && reading.key().equals(key)
            && reading.value() instanceof Value.Text id
            && datums.containsKey(id.value())
            && resources.get(datums.get(id.value()).resource()) instanceof Resource resource) {
          Value point = datums.get(id.value()).datumKwargs().get("point_number");
          long row = point instanceof Value.Int number ? number.value() : NONE;
          place.put(event.seqNum() - 1, number(place, resource), row);
          datums.remove(id.value());
        }
      }
    }
  }

  /** Makes the signals of a stream so many rows long. */
  void fill(String stream, long length) throws IOException {
    for (Place place : streams.getOrDefault(stream, Map.of()).values()) {
      place.fill(length);
    }
  }

  boolean treeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  private Place place(String stream, String key) {
    return streams.getOrDefault(stream, Map.of()).get(key);
  }

  /** The number of a file among those of its signal; a new one is linked. */
  private long number(Place place, AssetDocument resource) {
    int known = place.resources.indexOf(resource.uid());
    if (known >= 0) {
      return known;
    }
    place.resources.add(resource.uid());
    link(place, resource, place.resources.size());
    changed = true;
    return place.resources.size() - 1L;
  }

  private void link(Place place, AssetDocument resource, int number) {
    Group references =
        collection
            .group("file_references")
            .attribute("NX_class", "NXcollection")
            .group(Names.safe(place.device.value()));
    String signal = place.signal.path().substring(place.signal.path().lastIndexOf('/') + 1);
    String name = number == 1 ? signal : signal + "_" + number;
    String path = path(resource).orElseThrow();
    String dataset = dataset(resource);
    if (dataset == null) {
      references.dataset(name, path);
      return;
    }
    references.externalLink(name, relative(path), dataset);
    if (number == 1) {
      place.signal.attribute("signal", "value");
      place.signal.softLink("value", references.path() + "/" + name);
    }
  }

  /** The dataset in an HDF5 file; null for other files. */
  private static String dataset(AssetDocument document) {
    if (document instanceof StreamResource file && file.mimetype().equals(HDF5)) {
      String given = file.parameters().text("dataset");
      return given == null ? DATASET : given;
    }
    return document instanceof Resource file && file.spec().startsWith("AD_HDF5") ? DATASET : null;
  }

  private String relative(String path) {
    Path file = Path.of(path);
    return file.isAbsolute() ? folder.relativize(file.normalize()).toString() : path;
  }
}

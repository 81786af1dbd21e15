package org.beamhive.protocol.document;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.beamhive.protocol.model.RunUid;

/**
 * Says where data are that are not in the events: in a file that a device has written itself. The
 * newer pair is {@link StreamResource} and {@link StreamDatum}, the classic one {@link Resource}
 * and {@link Datum}.
 *
 * <p>A device that makes one knows neither its run nor the event that it belongs to; the bundler
 * fills that in.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "a")
@JsonSubTypes({
  @JsonSubTypes.Type(value = StreamResource.class, name = "stream-resource"),
  @JsonSubTypes.Type(value = StreamDatum.class, name = "stream-datum"),
  @JsonSubTypes.Type(value = Resource.class, name = "resource"),
  @JsonSubTypes.Type(value = Datum.class, name = "datum")
})
public sealed interface AssetDocument extends Document
    permits StreamResource, StreamDatum, Resource, Datum {
  /** Its name in the event model. */
  default String assetName() {
    if (this instanceof StreamResource) {
      return "stream_resource";
    }
    if (this instanceof StreamDatum) {
      return "stream_datum";
    }
    return this instanceof Resource ? "resource" : "datum";
  }

  /** Whether it names a file, not a place in one. */
  default boolean namesFile() {
    return this instanceof StreamResource || this instanceof Resource;
  }

  /** This document in a run and at an event of it. */
  default AssetDocument placed(RunUid run, String descriptor, long seqNum) {
    if (this instanceof StreamResource file) {
      return new StreamResource(
          file.uid(),
          run,
          file.time(),
          file.dataKey(),
          file.mimetype(),
          file.uri(),
          file.parameters());
    }
    if (this instanceof StreamDatum datum) {
      long width = datum.indices().stop() - datum.indices().start();
      return new StreamDatum(
          datum.uid(),
          datum.streamResource(),
          descriptor,
          datum.time(),
          datum.indices(),
          new StreamDatum.Range(seqNum, seqNum + width));
    }
    return this instanceof Resource file
        ? new Resource(
            file.uid(),
            run,
            file.time(),
            file.spec(),
            file.root(),
            file.resourcePath(),
            file.resourceKwargs())
        : this;
  }
}

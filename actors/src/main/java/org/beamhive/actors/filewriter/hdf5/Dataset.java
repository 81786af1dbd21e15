package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.io.IOException;

/** A dataset of fixed size, made and replaced by {@link Group#dataset}. */
public final class Dataset extends Node {
  private static final byte[] FILL_VALUE = {3, 0x0a};

  private EncodedValue value;
  private boolean dataWritten;
  private long dataAddress;

  Dataset(ScanFile file, String path, Object value) {
    super(file, path);
    replace(value);
  }

  @Override
  public Dataset attribute(String name, Object newValue) {
    super.attribute(name, newValue);
    return this;
  }

  void replace(Object newValue) {
    value = EncodedValue.of(newValue, file().heap(), "Dataset " + path());
    dataWritten = false;
    markChanged();
  }

  @Override
  long save(long publication) throws IOException {
    if (!isChanged()) {
      return address();
    }
    Storage storage = file().storage();
    if (!dataWritten) {
      writeData(storage);
    }
    byte[] header = header();
    long address = storage.allocate(header.length, 8);
    storage.write(header, address);
    savedAt(address, publication);
    return address;
  }

  private void writeData(Storage storage) throws IOException {
    byte[] data = value.data();
    dataAddress = data.length == 0 ? Storage.NONE : storage.allocate(data.length, 8);
    if (data.length > 0) {
      storage.write(data, dataAddress);
    }
    dataWritten = true;
  }

  private byte[] header() {
    byte[] layout =
        new BufferBuilder()
            .writeByte(3) // version
            .writeByte(1) // contiguous
            .writeLong(dataAddress)
            .writeLong(value.data().length)
            .build()
            .array();
    ObjectHeader header =
        new ObjectHeader()
            .add(ObjectHeader.DATATYPE, value.type().message())
            .add(ObjectHeader.DATASPACE, ObjectHeader.dataspace(value.shape()))
            .add(ObjectHeader.FILL_VALUE, FILL_VALUE)
            .add(ObjectHeader.LAYOUT, layout);
    describe(header);
    return header.build();
  }
}

package org.beamhive.actors.filewriter.hdf5;

import static org.bytedeco.hdf5.global.hdf5.*;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.hdf5.H5O_info2_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * Reads a file with the C library, which decides what HDF5 is. The library is not thread-safe.
 *
 * <p>Types come from the {@code _g()} getters: the getters named like the C macros cut identifiers
 * to 32 bits.
 */
final class LibHdf5 implements AutoCloseable {
  static {
    Loader.load(org.bytedeco.hdf5.global.hdf5.class);
    H5open();
    H5Eset_auto2(0, null, null); // errors are exceptions here, not prints
  }

  private interface Read {
    int into(long memoryType, Pointer memory);
  }

  private final long file;

  private LibHdf5(long file) {
    this.file = file;
  }

  static LibHdf5 open(Path path) {
    return new LibHdf5(check(H5Fopen(utf8(path.toString()), H5F_ACC_RDONLY, 0), "open " + path));
  }

  static LibHdf5 openForSwmrRead(Path path) {
    return new LibHdf5(
        check(
            H5Fopen(utf8(path.toString()), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, 0), "open " + path));
  }

  /** Opens the file as an editor would, adds a group and closes it. */
  static void edit(Path path, String newGroup) {
    long file = check(H5Fopen(utf8(path.toString()), H5F_ACC_RDWR, 0), "open " + path);
    check(H5Gclose(check(H5Gcreate2(file, utf8(newGroup), 0, 0, 0), newGroup)), newGroup);
    check(H5Fclose(file), "close " + path);
  }

  boolean exists(String path) {
    return path.equals("/") || H5Oexists_by_name(file, utf8(path), 0) > 0;
  }

  int hardLinks(String path) {
    try (H5O_info2_t info = new H5O_info2_t()) {
      check(H5Oget_info_by_name3(file, utf8(path), info, H5O_INFO_BASIC, 0), path);
      return info.rc();
    }
  }

  /** Names of a group's links, sorted. */
  List<String> names(String group) {
    List<String> names = new ArrayList<>();
    byte[] name = new byte[300];
    while (true) {
      long length =
          H5Lget_name_by_idx(
              file, utf8(group), H5_INDEX_NAME, H5_ITER_INC, names.size(), name, name.length, 0);
      if (length < 0) {
        return names;
      }
      names.add(new String(name, 0, (int) length, StandardCharsets.UTF_8));
    }
  }

  long[] shape(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = check(H5Dget_space(dataset), path);
    long[] shape = shape(space);
    H5Sclose(space);
    H5Dclose(dataset);
    return shape;
  }

  /** The shape after asking the file again, which readers for SWMR can. */
  long[] refreshedShape(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    check(H5Drefresh(dataset), path);
    H5Dclose(dataset);
    return shape(path);
  }

  double[] doubles(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = H5Dget_space(dataset);
    double[] read = doubles(path, space, (type, memory) -> H5Dread(dataset, type, 0, 0, 0, memory));
    H5Dclose(dataset);
    return read;
  }

  long[] longs(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = H5Dget_space(dataset);
    long[] read = longs(path, space, (type, memory) -> H5Dread(dataset, type, 0, 0, 0, memory));
    H5Dclose(dataset);
    return read;
  }

  short[] shorts(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = H5Dget_space(dataset);
    short[] read = new short[(int) H5Sget_simple_extent_npoints(space)];
    try (ShortPointer memory = new ShortPointer(read.length)) {
      check(H5Dread(dataset, H5T_NATIVE_USHORT_g(), 0, 0, 0, memory), path);
      memory.get(read);
    }
    H5Sclose(space);
    H5Dclose(dataset);
    return read;
  }

  List<String> strings(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = H5Dget_space(dataset);
    List<String> read =
        strings(path, space, (type, memory) -> H5Dread(dataset, type, 0, 0, 0, memory));
    H5Dclose(dataset);
    return read;
  }

  double[] doubleAttribute(String path, String name) {
    long attribute = openAttribute(path, name);
    double[] read =
        doubles(name, H5Aget_space(attribute), (type, memory) -> H5Aread(attribute, type, memory));
    H5Aclose(attribute);
    return read;
  }

  long[] longAttribute(String path, String name) {
    long attribute = openAttribute(path, name);
    long[] read =
        longs(name, H5Aget_space(attribute), (type, memory) -> H5Aread(attribute, type, memory));
    H5Aclose(attribute);
    return read;
  }

  List<String> stringAttribute(String path, String name) {
    long attribute = openAttribute(path, name);
    List<String> read =
        strings(name, H5Aget_space(attribute), (type, memory) -> H5Aread(attribute, type, memory));
    H5Aclose(attribute);
    return read;
  }

  /** The names of a boolean's two values, as h5py looks for them. */
  List<String> enumNames(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long type = check(H5Dget_type(dataset), path);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < H5Tget_nmembers(type); i++) {
      BytePointer name = H5Tget_member_name(type, i);
      names.add(name.getString(StandardCharsets.UTF_8));
      H5free_memory(name);
    }
    H5Tclose(type);
    H5Dclose(dataset);
    return names;
  }

  byte[] bytes(String path) {
    long dataset = check(H5Dopen2(file, utf8(path), 0), path);
    long space = H5Dget_space(dataset);
    long type = H5Dget_type(dataset);
    byte[] read = new byte[(int) H5Sget_simple_extent_npoints(space)];
    try (BytePointer memory = new BytePointer(read.length)) {
      check(H5Dread(dataset, type, 0, 0, 0, memory), path);
      memory.get(read);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    return read;
  }

  private long openAttribute(String path, String name) {
    return check(
        H5Aopen_by_name(file, utf8(path), utf8(name), 0, 0), "attribute " + name + " of " + path);
  }

  private static long[] shape(long space) {
    int rank = H5Sget_simple_extent_ndims(space);
    long[] shape = new long[rank];
    if (rank > 0) {
      check(H5Sget_simple_extent_dims(space, shape, (long[]) null), "shape");
    }
    return shape;
  }

  private static double[] doubles(String what, long space, Read read) {
    double[] values = new double[(int) H5Sget_simple_extent_npoints(space)];
    H5Sclose(space);
    try (DoublePointer memory = new DoublePointer(Math.max(1, values.length))) {
      check(read.into(H5T_NATIVE_DOUBLE_g(), memory), what);
      memory.get(values);
    }
    return values;
  }

  private static long[] longs(String what, long space, Read read) {
    long[] values = new long[(int) H5Sget_simple_extent_npoints(space)];
    H5Sclose(space);
    try (LongPointer memory = new LongPointer(Math.max(1, values.length))) {
      check(read.into(H5T_NATIVE_LLONG_g(), memory), what);
      memory.get(values);
    }
    return values;
  }

  private static List<String> strings(String what, long space, Read read) {
    int count = (int) H5Sget_simple_extent_npoints(space);
    long type = check(H5Tcopy(H5T_C_S1_g()), what);
    H5Tset_size(type, -1L);
    H5Tset_cset(type, H5T_CSET_UTF8);
    List<String> values = new ArrayList<>();
    try (PointerPointer<BytePointer> memory = new PointerPointer<>(Math.max(1, count))) {
      check(read.into(type, memory), what);
      for (int i = 0; i < count; i++) {
        BytePointer text = memory.get(BytePointer.class, i);
        values.add(text == null ? null : text.getString(StandardCharsets.UTF_8));
      }
      H5Treclaim(type, space, 0, memory);
    }
    H5Tclose(type);
    H5Sclose(space);
    return values;
  }

  @Override
  public void close() {
    check(H5Fclose(file), "close");
  }

  private static BytePointer utf8(String text) {
    return new BytePointer(text, StandardCharsets.UTF_8);
  }

  private static long check(long result, String what) {
    if (result < 0) {
      throw new IllegalStateException("The HDF5 library fails at " + what);
    }
    return result;
  }
}

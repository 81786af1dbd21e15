package org.beamhive.actors.filewriter.nexus;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.beamhive.actors.filewriter.hdf5.ElementType;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.actors.filewriter.hdf5.ScanFile;
import org.beamhive.actors.filewriter.hdf5.Stream;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;

/**
 * The file of one run, made from the entries of its log in their order, from the first.
 *
 * <p>A file that is there and complete is left alone. One that is there and not complete, because a
 * writer was killed, is written again beside it ({@code .rewrite}) and replaced as soon as the new
 * one shows as many points; so a reader never finds fewer points than before. A file of another run
 * is never touched: this run's file then has its uid in its name.
 *
 * <p>After an {@link IOException} the same entries may be given again; what was taken in is not
 * taken in twice. Any other exception, and a file that vanished, need a new RunFile. For one thread
 * at a time.
 */
public final class RunFile implements AutoCloseable {
  static final String ENTRY = "/entry";
  static final String UID = ENTRY + "/entry_identifier_uuid";
  static final String STREAMS = ENTRY + "/collection/streams";
  static final String COMPLETE = "complete";

  private static final int BUNDLE = 1000;
  private static final int SHORT_UID = 8;

  /** What every stream has, whatever the lay-out. */
  private record Numbers(String name, Stream seqNum, Stream time) {}

  private final Path basePath;
  private final RunUid run;
  private final RunLayout.Maker maker;
  private final Map<String, Numbers> streams = new HashMap<>();
  private final Map<String, Numbers> byDescriptor = new HashMap<>();

  private final Set<String> deviceFiles = new LinkedHashSet<>();
  private long next = 1;
  private Path path;
  private Path temporary;
  private FileMarks replaced;
  private ScanFile file;
  private RunLayout layout;
  private Object fileKey;
  private boolean inPlace;
  private boolean treeChanged;
  private boolean stopped;
  private boolean complete;

  public RunFile(Path basePath, RunUid run, RunLayout.Maker maker) {
    this.basePath = basePath;
    this.run = run;
    this.maker = maker;
  }

  /** Where the files of a scan are: {@code <base>/S00000-00999/S00123}. */
  public static Path folder(Path basePath, long scanId) {
    long first = Math.floorDiv(scanId, BUNDLE) * BUNDLE;
    return basePath
        .resolve(scanName(first) + "-" + number(first + BUNDLE - 1))
        .resolve(scanName(scanId));
  }

  private static String scanName(long scanId) {
    return "S" + number(scanId);
  }

  private static String number(long scanId) {
    return String.format(Locale.ROOT, "%05d", scanId);
  }

  /** Where the file is; null before the start document. */
  public Path path() {
    return path;
  }

  /** Position of the first entry that is not taken in. */
  public long next() {
    return next;
  }

  /** Whether the run is in the file to its end, and the file closed. */
  public boolean complete() {
    return complete;
  }

  /** The files of devices that the run refers to so far, where they are read. */
  public List<String> deviceFiles() {
    return List.copyOf(deviceFiles);
  }

  /** Takes in entries, and shows them to readers. */
  public void take(long from, List<RunEntry> entries) throws IOException {
    if (from > next) {
      throw new IllegalStateException("entry " + from + " came, " + next + " was expected");
    }
    while (!complete && next - from < entries.size()) {
      take(entries.get((int) (next - from)));
      next++;
    }
    if (file != null && !complete) {
      show();
    }
  }

  private void take(RunEntry entry) throws IOException {
    if (entry instanceof RunEntry.Measured measured) {
      add(measured.document());
    } else if (entry instanceof RunEntry.Started started) {
      begin(started.document());
    } else if (entry instanceof RunEntry.Described described) {
      describe(described.document());
    } else if (entry instanceof RunEntry.Stopped end) {
      stop(end.document());
    } else if (entry instanceof RunEntry.Referenced named) {
      layout.refer(named.document());
      DeviceFiles.path(named.document()).ifPresent(deviceFiles::add);
    }
    treeChanged |= layout != null && layout.treeChanged();
  }

  // ------------------------------------------------------------------ start

  private void begin(RunStart start) throws IOException {
    choosePath(start.scanId());
    if (replaced != null && replaced.complete()) {
      complete = true;
      return;
    }
    temporary = path.resolveSibling(path.getFileName() + ".rewrite");
    Files.createDirectories(path.getParent());
    // a new file, never the one that a writer on a node cut off may still have open
    Files.deleteIfExists(temporary);
    ScanFile created = ScanFile.create(temporary);
    try {
      created.root().attribute("NX_class", "NXroot");
      Group entry = created.root().group("entry").attribute("NX_class", "NXentry");
      entry.attribute(COMPLETE, false);
      entry
          .dataset("entry_identifier_uuid", run.value())
          .attribute("description", "unique identifier of the run");
      entry.group("collection").group("streams").attribute("NX_class", "NXcollection");
      layout = maker.begin(created, start);
    } catch (RuntimeException problem) {
      created.close();
      throw problem;
    }
    file = created;
    treeChanged = true;
  }

  private void choosePath(long scanId) throws IOException {
    Path folder = folder(basePath, scanId);
    String name = scanName(scanId) + "_master";
    String uid = run.value();
    for (String suffix :
        List.of("", "_" + uid.substring(0, Math.min(SHORT_UID, uid.length())), "_" + uid)) {
      Path candidate = folder.resolve(Names.safe(name + suffix) + ".h5").toAbsolutePath();
      Optional<FileMarks> there =
          Files.exists(candidate) ? FileMarks.read(requireReadable(candidate)) : Optional.empty();
      boolean ours = there.isPresent() && there.get().run().equals(uid);
      if (ours || !Files.exists(candidate)) {
        path = candidate;
        replaced = there.orElse(null);
        return;
      }
    }
    throw new IOException(
        "Every name for the file of run " + uid + " in " + folder + " is taken by other files");
  }

  private static Path requireReadable(Path candidate) throws IOException {
    if (!Files.isReadable(candidate)) {
      throw new IOException("Cannot read the existing file " + candidate + ": permission denied");
    }
    return candidate;
  }

  // ------------------------------------------------------------------ content

  private void describe(EventDescriptor descriptor) {
    Numbers numbers = streams.get(descriptor.name());
    if (numbers == null) {
      Group group =
          file.root()
              .group("entry")
              .group("collection")
              .group("streams")
              .group(Names.safe(descriptor.name()));
      numbers =
          new Numbers(
              group.path().substring(STREAMS.length() + 1),
              group.stream("seq_num", ElementType.INT64),
              group.stream("time", ElementType.FLOAT64).attribute("units", "s"));
      streams.put(descriptor.name(), numbers);
    }
    byDescriptor.put(descriptor.uid(), numbers);
    layout.describe(descriptor);
    treeChanged = true;
  }

  private void add(Event event) throws IOException {
    layout.add(event);
    Numbers numbers = byDescriptor.get(event.descriptor());
    if (numbers.time().rows() == event.seqNum() - 1) {
      numbers.time().append(event.time());
    }
    if (numbers.seqNum().rows() == event.seqNum() - 1) {
      numbers.seqNum().append(event.seqNum());
    }
  }

  private void stop(RunStop stop) throws IOException {
    layout.stop(stop);
    file.root().group("entry").attribute(COMPLETE, true);
    stopped = true;
    treeChanged = true;
  }

  // ------------------------------------------------------------------ to the disk

  private void show() throws IOException {
    if (treeChanged) {
      file.publish();
      treeChanged = false;
    } else {
      file.flush();
    }
    if (inPlace) {
      requireInPlace();
    } else if (replaced == null || stopped || replaced.coveredBy(points())) {
      Files.move(
          temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      inPlace = true;
      fileKey = key();
    }
    if (stopped) {
      finish();
    }
  }

  private Map<String, Long> points() {
    Map<String, Long> points = new HashMap<>();
    streams.values().forEach(stream -> points.put(stream.name(), stream.seqNum().rows()));
    return points;
  }

  /** What is written into a file that was deleted or replaced meanwhile reaches nobody. */
  private void requireInPlace() throws IOException {
    if (!Files.exists(path) || (fileKey != null && !fileKey.equals(key()))) {
      throw new IllegalStateException(
          "file " + path + " was deleted or replaced while it was written");
    }
  }

  private Object key() throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  private void finish() throws IOException {
    file.sync();
    file.close();
    force(path, StandardOpenOption.WRITE);
    force(path.getParent(), StandardOpenOption.READ);
    complete = true;
  }

  private static void force(Path what, StandardOpenOption option) throws IOException {
    try (FileChannel channel = FileChannel.open(what, option)) {
      channel.force(true);
    }
  }

  /** Closes the file as it is; what was taken in is shown. */
  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}

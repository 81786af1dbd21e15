package org.beamhive.devices.type;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugin of an area detector that writes its frames to files, HDF5 or TIFF, in stream mode. A
 * put to its Capture ends only when capturing ends, so it is never waited for, and a second way is
 * kept to put 0 there.
 */
final class AreaFilePlugin {
  private static final Logger LOG = LoggerFactory.getLogger(AreaFilePlugin.class);
  private static final int STREAM = 2;
  private static final int SHORT_UID = 8;

  /** Makes the signals of the device. */
  interface Parts {
    /** A signal that is used by the device itself only. */
    Signal part(String pv, SignalOptions how);

    /** One that not every IOC has. */
    Signal optional(String pv, SignalOptions how);
  }

  /** Where files go and what they are called. */
  record Names(
      boolean hdf5,
      String writePath,
      String readPath,
      String fileName,
      long createDirectory,
      boolean lazyOpen) {
    String template() {
      return hdf5 ? "%s%s_%6.6d.h5" : "%s%s_%6.6d.tiff";
    }
  }

  private final String device;
  private final String pv;
  private final Names names;
  private final Duration patience;
  private final Signal capture;
  private final Signal captureOff;
  private final Signal capturing;
  private final Signal captured;
  private final Signal fullName;
  private final Signal writeStatus;
  private final Signal writeMessage;
  private final Signal pathExists;
  private final List<Signal> sizes;
  private final Signal colour;
  private final Signal dataType;
  private final Signal seen;
  private final Signal path;
  private final Signal name;
  private final Signal template;
  private final Signal number;
  private final Signal autoIncrement;
  private final Signal createDirectory;
  private final Signal writeMode;
  private final Signal numCapture;
  private final Signal lazyOpen;
  private final Set<String> leftOut = ConcurrentHashMap.newKeySet();
  private volatile String writeFolder = "";
  private volatile String readFolder = "";
  private volatile String given = "";
  private volatile boolean begun;
  private volatile long expected;

  AreaFilePlugin(String device, String pv, Names names, Duration patience, Parts parts) {
    this.device = device;
    this.pv = pv;
    this.names = names;
    this.patience = patience;
    capture = parts.part(pv + "Capture", SignalOptions.POLLED);
    captureOff = parts.part(pv + "Capture", SignalOptions.URGENT);
    capturing = parts.part(pv + "Capture_RBV", SignalOptions.MONITORED);
    captured = parts.part(pv + "NumCaptured_RBV", SignalOptions.MONITORED);
    fullName = parts.part(pv + "FullFileName_RBV", SignalOptions.POLLED);
    writeStatus = parts.part(pv + "WriteStatus", SignalOptions.MONITORED);
    writeMessage = parts.part(pv + "WriteMessage", SignalOptions.POLLED);
    pathExists = parts.part(pv + "FilePathExists_RBV", SignalOptions.POLLED);
    sizes =
        List.of(
            parts.part(pv + "ArraySize0_RBV", SignalOptions.MONITORED),
            parts.part(pv + "ArraySize1_RBV", SignalOptions.MONITORED),
            parts.part(pv + "ArraySize2_RBV", SignalOptions.MONITORED));
    colour = parts.optional(pv + "ColorMode_RBV", SignalOptions.MONITORED);
    dataType = parts.optional(pv + "DataType_RBV", SignalOptions.MONITORED);
    seen = parts.part(pv + "ArrayCounter_RBV", SignalOptions.MONITORED);
    path = setting(parts, "FilePath");
    name = setting(parts, "FileName");
    template = setting(parts, "FileTemplate");
    number = setting(parts, "FileNumber");
    autoIncrement = setting(parts, "AutoIncrement");
    createDirectory = parts.optional(pv + "CreateDirectory", SignalOptions.POLLED);
    writeMode = setting(parts, "FileWriteMode");
    numCapture = setting(parts, "NumCapture");
    lazyOpen = parts.optional(pv + "LazyOpen", SignalOptions.POLLED);
  }

  private Signal setting(Parts parts, String field) {
    return parts.part(pv + field, SignalOptions.POLLED);
  }

  /**
   * The shape of the frame that it has seen last, rows first, {@code [rows, columns, 3]} in RGB1;
   * null if it has seen none.
   *
   * @param otherwise the colour mode where the plugin does not tell its own
   */
  List<Integer> seenShape(AreaColour otherwise) {
    AreaColour mode = AreaColour.of(colour, otherwise);
    List<Integer> shape =
        mode == AreaColour.RGB1 ? List.of(size(2), size(1), size(0)) : List.of(size(1), size(0));
    return shape.contains(0) ? null : shape;
  }

  /** The colour mode of the frames that it has seen last; not every IOC tells. */
  Signal colour() {
    return colour;
  }

  /** What its frames consist of; not every IOC tells. */
  Signal dataType() {
    return dataType;
  }

  private int size(int axis) {
    SignalValue now = sizes.get(axis).latest();
    return now == null ? 0 : (int) now.asDouble();
  }

  /** Asks for what it has seen: monitors may come later than what else tells of a frame. */
  CompletionStage<Void> refreshSeen() {
    CompletionStage<Void> all = Device.DONE;
    List<Signal> asked = new ArrayList<>(sizes);
    asked.addAll(Stream.of(colour, dataType).filter(Signal::connected).toList());
    for (Signal signal : asked) {
      all = all.thenCompose(done -> signal.get(patience)).thenApply(now -> null);
    }
    return all;
  }

  /**
   * Whether it has to see a frame before it can begin: it begins a file for frames like the last.
   *
   * @param expected the shape of the frames that will come; null if that is not known
   * @param otherType whether the numbers in them will be of another type than those it has seen
   */
  boolean unprimed(List<Integer> expected, AreaColour camera, boolean otherType) {
    boolean waits = names.lazyOpen() && lazyOpen.connected();
    boolean others = otherType || expected == null || !expected.equals(seenShape(camera));
    return names.hdf5() && !waits && others;
  }

  /** Ends when it has seen the frame that this takes. */
  CompletionStage<Void> prime(Supplier<CompletionStage<Void>> frame) {
    return seen.get(patience)
        .thenCompose(
            before ->
                frame
                    .get()
                    .thenCompose(
                        taken ->
                            seen.await(now -> now.asDouble() != before.asDouble(), patience)
                                .handle((now, error) -> now)))
        .thenCompose(
            now -> {
              if (now == null) {
                throw new DeviceFailure(
                    "unprimed",
                    "%s: %s has not seen a frame, although one was taken to prepare it. Is its NDArrayPort that of the camera or of a plugin that is enabled?"
                        .formatted(device, pv));
              }
              return refreshSeen();
            });
  }

  // ------------------------------------------------------------------ staging

  /** Sets it up and begins a file. */
  CompletionStage<Void> stage(AreaStaging staging, double now) {
    if (names.writePath().isEmpty()) {
      throw new DeviceFailure(
          "no-path", device + " writes files, but its deviceConfig has no write_path_template.");
    }
    ZonedDateTime time = Instant.ofEpochMilli((long) (now * 1000)).atZone(ZoneId.systemDefault());
    writeFolder = AreaPath.expand(device, names.writePath(), time);
    readFolder =
        names.readPath().isEmpty() ? writeFolder : AreaPath.expand(device, names.readPath(), time);
    return end()
        .thenCompose(
            done -> putIfThere(staging, createDirectory, Value.of(names.createDirectory())))
        .thenCompose(done -> path.put(text(path, writeFolder), patience))
        .thenCompose(done -> pathExists.get(patience))
        .thenAccept(there -> requireFolder(there.asDouble() != 0))
        .thenCompose(done -> staging.put(autoIncrement, Value.of(1)))
        .thenCompose(done -> staging.put(template, text(template, names.template())))
        .thenCompose(done -> staging.put(writeMode, Value.of(STREAM)))
        .thenCompose(done -> staging.put(numCapture, Value.of(0)))
        .thenCompose(done -> putIfThere(staging, lazyOpen, Value.of(names.lazyOpen() ? 1 : 0)))
        .thenCompose(done -> begin());
  }

  /** Older versions of areaDetector lack some. */
  private CompletionStage<Void> putIfThere(AreaStaging staging, Signal setting, Value value) {
    if (setting.connected()) {
      return staging.put(setting, value);
    }
    if (leftOut.add(setting.name())) {
      LOG.info("{}: the IOC has no {}; it is left out.", device, setting.name());
    }
    return Device.DONE;
  }

  private void requireFolder(boolean there) {
    if (!there) {
      throw new DeviceFailure(
          "no-such-folder",
          createDirectory.connected()
              ? "%s: the folder %s does not exist for the IOC, and %sCreateDirectory %d does not let it make it."
                  .formatted(device, writeFolder, pv, names.createDirectory())
              : "%s: the folder %s does not exist for the IOC, which makes none."
                  .formatted(device, writeFolder));
    }
  }

  private static Value text(Signal setting, String text) {
    return AreaText.toPut(setting, text);
  }

  /** Begins a new file, after the one before has been ended. */
  CompletionStage<Void> begin() {
    String uid = UUID.randomUUID().toString().substring(0, SHORT_UID);
    given = names.fileName().isEmpty() ? device + "_" + uid : names.fileName() + "_" + uid;
    return name.put(text(name, given), patience)
        .thenCompose(done -> number.put(Value.of(0), patience))
        .thenCompose(done -> startCapture())
        .thenCompose(done -> captured.get(patience))
        .thenAccept(
            now -> {
              expected = 0;
              begun = true;
            });
  }

  private CompletionStage<Void> startCapture() {
    CompletableFuture<Void> put = capture.put(Value.of(1), patience).toCompletableFuture();
    CompletableFuture<?> started =
        capturing.await(now -> now.asDouble() == 1, patience).toCompletableFuture();
    // a put that ends at once was refused
    return CompletableFuture.anyOf(put, started)
        .handle((first, error) -> null)
        .thenCompose(first -> capturing.get(patience))
        .thenCompose(
            now -> now.asDouble() == 1 ? Device.DONE : failed("not-capturing", "does not begin"));
  }

  private <T> CompletionStage<T> failed(String code, String what) {
    return writeMessage
        .get(patience)
        .thenCompose(
            why ->
                CompletableFuture.failedStage(
                    new DeviceFailure(
                        code,
                        "%s: %s %s: %s.".formatted(device, pv, what, AreaText.read(why.value())))));
  }

  /** Ends the file; harmless if none is open. */
  CompletionStage<Void> end() {
    begun = false;
    return capturing
        .get(patience)
        .thenCompose(
            now ->
                now.asDouble() == 0
                    ? Device.DONE
                    : captureOff
                        .put(Value.of(0), patience)
                        .thenCompose(done -> capturing.await(off -> off.asDouble() == 0, patience))
                        .thenApply(off -> null));
  }

  /** Whether a file is open. */
  boolean begun() {
    return begun;
  }

  // ------------------------------------------------------------------ frames

  /** Ends when so many more frames are in the file, neither less nor more. */
  CompletionStage<Void> awaitFrames(int frames, Duration timeout) {
    expected += frames;
    long wanted = expected;
    CompletableFuture<?> there =
        captured.await(now -> now.asDouble() >= wanted, timeout).toCompletableFuture();
    CompletableFuture<?> broken =
        writeStatus.await(now -> now.asDouble() == 1, timeout).toCompletableFuture();
    return CompletableFuture.anyOf(there, broken)
        .handle((first, error) -> null)
        .thenCompose(first -> captured.get(patience))
        .thenCompose(
            now -> {
              long found = (long) now.asDouble();
              if (found == wanted) {
                return Device.DONE;
              }
              return found < wanted
                      && writeStatus.latest() != null
                      && writeStatus.latest().asDouble() == 1
                  ? failed("not-written", "can't write")
                  : CompletableFuture.failedStage(
                      new DeviceFailure(
                          "wrong-number-of-frames",
                          "%s: %s has %d frames in its file, %d were expected after %.1f s."
                              .formatted(device, pv, found, wanted, timeout.toMillis() / 1000.0)));
            });
  }

  /** The path of the newest file, where it is read. */
  CompletionStage<String> file() {
    return fullName
        .get(patience)
        .thenApply(
            now -> {
              String full = AreaText.read(now.value());
              return full.startsWith(writeFolder)
                  ? readFolder + full.substring(writeFolder.length())
                  : full;
            });
  }

  /** The name that the file was given, without folder, number and ending. */
  String fileName() {
    return given;
  }

  /** How it names files. */
  Names names() {
    return names;
  }
}

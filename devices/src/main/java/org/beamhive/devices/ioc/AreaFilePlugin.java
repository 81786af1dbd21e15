package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NDPluginFile with one format. A put to Capture completes when capturing has ended, as that of a
 * busy record. A format that holds several frames must have seen one before it can begin, unless
 * LazyOpen lets it wait for the first; else capturing is refused, as by the real one.
 */
final class AreaFilePlugin extends AreaPlugin {
  private static final int STREAM = 2;
  private static final Pattern CONVERSION = Pattern.compile("%(s|(\\d*)(?:\\.(\\d+))?d)");

  private final AreaFileFormat format;
  private final AreaRecords.Text path;
  private final AreaRecords.Text name;
  private final AreaRecords.Text template;
  private final AreaRecords.Text fullName;
  private final AreaRecords.Text message;
  private final ServedPv status;
  private final ServedPv exists;
  private final ServedPv captured;
  private final ServedPv captureReadback;
  private final ServedPv capture;
  private final AreaRecords.Setting fileNumber;
  private final AreaRecords.Setting autoIncrement;
  private final AreaRecords.Setting writeMode;
  private final AreaRecords.Setting numCapture;
  private final AreaRecords.Setting lazyOpen;
  private final AreaRecords.Setting createDirectory;
  private List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private AreaFrame newest;
  private boolean capturing;
  private boolean open;

  AreaFilePlugin(
      String prefix,
      String type,
      String source,
      String port,
      String fileTemplate,
      AreaFileFormat format,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      AreaPorts ports) {
    super(prefix, type, source, port, server, later, ports);
    this.format = format;
    createDirectory = records.lone(ServedPv.whole(prefix + "CreateDirectory", 0), 0);
    exists = records.add(shown("FilePathExists_RBV", "No", "Yes"));
    path = records.text("FilePath", "", this::onPath);
    name = records.text("FileName", "", to -> {});
    template = records.text("FileTemplate", fileTemplate, to -> {});
    fullName = records.shown("FullFileName_RBV", "");
    message = records.shown("WriteMessage", "");
    status = records.add(shown("WriteStatus", "Write OK", "Write error"));
    fileNumber = records.whole("FileNumber", 0);
    autoIncrement = records.choice("AutoIncrement", 0, "No", "Yes");
    records.choice("AutoSave", 0, "No", "Yes");
    writeMode = records.choice("FileWriteMode", 0, "Single", "Capture", "Stream");
    numCapture = records.whole("NumCapture", 1);
    captured = records.count("NumCaptured_RBV", 0);
    lazyOpen = records.lone(ServedPv.choice(prefix + "LazyOpen", 0, "No", "Yes"), 0);
    records.choice("SWMRMode", 0, "Off", "On");
    captureReadback = records.add(shown("Capture_RBV", "Done", "Capturing"));
    capture = ServedPv.choice(prefix + "Capture", 0, "Done", "Capture").onPut(this::put);
    records.add(capture);
  }

  private ServedPv shown(String field, String... labels) {
    return ServedPv.choice(records.prefix() + field, 0, labels).readOnly();
  }

  /** The folder is made as deep as CreateDirectory allows, counted from its end. */
  private synchronized void onPath(String given) {
    String folder = given.isEmpty() || given.endsWith("/") ? given : given + "/";
    path.show(folder);
    boolean there = false;
    try {
      Path wanted = Path.of(folder);
      int levels = Math.abs(createDirectory.whole());
      Path begin = wanted;
      for (int level = 0; level < levels && begin != null; level++) {
        begin = begin.getParent();
      }
      if (levels > 0 && begin != null && Files.isDirectory(begin)) {
        Files.createDirectories(wanted);
      }
      there = !folder.isEmpty() && Files.isDirectory(wanted);
    } catch (IOException | InvalidPathException e) {
      message.show("can't make " + folder + ": " + e.getMessage());
    }
    exists.post(there ? 1 : 0);
  }

  private synchronized CAStatus put(Object value, ProcessVariableWriteCallback done) {
    if (((short[]) value)[0] == 0) {
      capture.post(0);
      end();
      return CAStatus.NORMAL;
    }
    if (!capturing && !begin()) {
      capture.post(0);
      return CAStatus.NORMAL;
    }
    if (done != null) {
      waiting.add(done);
    }
    return done == null ? CAStatus.NORMAL : null;
  }

  private boolean begin() {
    if (writeMode.whole() != STREAM) {
      return fail("only FileWriteMode Stream is simulated");
    }
    if (exists.whole() == 0) {
      return fail("the folder " + path.value() + " does not exist");
    }
    boolean lazy = lazyOpen.on() || !format.severalFrames();
    if (newest == null && !lazy) {
      return fail("ERROR, must collect an array to get dimensions first");
    }
    captured.post(0);
    if (!lazy && !openFile(newest)) {
      return false;
    }
    capturing = true;
    capture.post(1);
    captureReadback.post(1);
    ok();
    return true;
  }

  private boolean openFile(AreaFrame like) {
    try {
      String file = path.value() + fileName();
      format.open(Path.of(file), like);
      open = true;
      fullName.show(file);
      if (autoIncrement.on()) {
        fileNumber.show(fileNumber.whole() + 1);
      }
      return true;
    } catch (IOException | RuntimeException e) {
      return fail("can't open the file: " + e.getMessage());
    }
  }

  /** As C's printf makes it of the template, with folder, name and number. */
  private String fileName() {
    Matcher found = CONVERSION.matcher(template.value());
    StringBuilder text = new StringBuilder();
    int texts = 0;
    while (found.find()) {
      String part;
      if (found.group(1).equals("s")) {
        // the first text is the folder, which is put before it anyway
        part = texts++ == 0 ? "" : name.value();
      } else {
        int digits = found.group(3) == null ? 1 : Integer.parseInt(found.group(3));
        part = String.format("%0" + Math.max(1, digits) + "d", fileNumber.whole());
      }
      found.appendReplacement(text, Matcher.quoteReplacement(part));
    }
    return found.appendTail(text).toString();
  }

  @Override
  protected synchronized void process(AreaFrame frame) {
    newest = frame;
    if (!capturing) {
      return;
    }
    if ((!open || !format.severalFrames()) && !openFile(frame)) {
      end();
      return;
    }
    try {
      format.write(frame);
      ok();
    } catch (IOException | RuntimeException e) {
      fail("can't write " + fullName.value() + ": " + e.getMessage());
      return;
    }
    captured.post(captured.whole() + 1);
    if (numCapture.whole() > 0 && captured.whole() >= numCapture.whole()) {
      end();
    }
  }

  private void end() {
    if (!capturing) {
      return;
    }
    capturing = false;
    open = false;
    try {
      format.close();
    } catch (IOException e) {
      fail("can't close " + fullName.value() + ": " + e.getMessage());
    }
    capture.post(0);
    captureReadback.post(0);
    List<ProcessVariableWriteCallback> ended = waiting;
    waiting = new ArrayList<>();
    ended.forEach(done -> done.processVariableWriteCompleted(CAStatus.NORMAL));
  }

  private void ok() {
    status.postIfChanged(0);
    if (!message.value().isEmpty()) {
      message.show("");
    }
  }

  private boolean fail(String why) {
    message.show(why);
    status.post(1);
    return false;
  }

  /** Ends what is being written. */
  synchronized void close() {
    end();
  }
}

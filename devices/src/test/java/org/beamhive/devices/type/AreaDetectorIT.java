package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;

import io.jhdf.HdfFile;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Datum;
import org.beamhive.protocol.document.Resource;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real Channel Access over the loopback to a simulated camera, whose files are real ones. */
@Timeout(120)
class AreaDetectorIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static SimulatedIoc ioc;
  private static CaLink link;

  @TempDir Path folder;
  private final List<Device> open = new ArrayList<>();

  @BeforeAll
  static void start() {
    ioc = SimulatedIoc.start(0);
    link = new CaLink(CaSettings.loopback(ioc.port()));
  }

  @AfterAll
  static void stop() {
    link.close();
    ioc.close();
  }

  @AfterEach
  void closeDevices() throws Exception {
    for (Device device : open) {
      done(device.unstage());
      device.close();
    }
  }

  private Device camera(CaLink over, Object... more) throws Exception {
    Map<String, Value> fields = new LinkedHashMap<>();
    fields.put("prefix", Value.of("BH:"));
    fields.put("stats", Value.of(List.of(Value.of("Stats1:"))));
    fields.put("plugins", Value.of(List.of(Value.of("image1:"))));
    fields.put("acquire_time", Value.of(0.002));
    fields.put("acquire_period", Value.of(0.002));
    for (int at = 0; at < more.length; at += 2) {
      Object value = more[at + 1];
      fields.put(
          (String) more[at],
          value instanceof Value ready
              ? ready
              : value instanceof Integer whole ? Value.of(whole) : Value.of((String) value));
    }
    DeviceBackends backends =
        new DeviceBackends(
            () -> over,
            new SimNamespace(new SettableSimClock(86400)),
            new DeviceTimeouts(PATIENCE, PATIENCE));
    Device device =
        DeviceTypes.standard()
            .find("AreaDetector")
            .orElseThrow()
            .factory()
            .create(
                new DeviceOptions(new DeviceName("cam"), new Value.Fields(fields), PATIENCE),
                backends);
    device.open(
        new DeviceListener() {
          @Override
          public void connected() {}

          @Override
          public void disconnected(String problem) {}

          @Override
          public void factsChanged() {}
        });
    open.add(device);
    done(device.connect());
    return device;
  }

  private Device hdf5(Object... more) throws Exception {
    Object[] all = new Object[more.length + 4];
    all[0] = "file_plugin";
    all[1] = "HDF1:";
    all[2] = "write_path_template";
    all[3] = folder + "/%Y/%m";
    System.arraycopy(more, 0, all, 4, more.length);
    return camera(link, all);
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static DeviceFailure failure(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
    } catch (ExecutionException e) {
      return new DeviceFailure(DeviceFailure.refusalOf("cam", e.getCause()));
    }
    throw new AssertionError("it has not failed");
  }

  private static Signal signal(CaLink over, String pv, SignalOptions how) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    Signal signal = new Signal(over, pv, how);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal which) {
            there.countDown();
          }

          @Override
          public void disconnected(Signal which) {}

          @Override
          public void changed(Signal which) {}
        });
    assertThat(there.await(30, TimeUnit.SECONDS)).as(pv).isTrue();
    return signal;
  }

  private static void put(String pv, double value) throws Exception {
    Signal signal = signal(link, pv, SignalOptions.POLLED);
    done(signal.put(Value.of(value), PATIENCE));
    signal.close();
  }

  private static double get(CaLink over, String pv) throws Exception {
    Signal signal = signal(over, pv, SignalOptions.POLLED);
    double value = done(signal.get(PATIENCE)).asDouble();
    signal.close();
    return value;
  }

  private static List<AssetDocument> point(Device camera) throws Exception {
    done(camera.trigger());
    return camera.assets();
  }

  private static Path path(StreamResource resource) {
    return Path.of(java.net.URI.create(resource.uri()).getPath());
  }

  private static int[] shape(Path file) {
    try (HdfFile hdf5 = new HdfFile(file)) {
      return hdf5.getDatasetByPath("/entry/data/data").getDimensions();
    }
  }

  @Test
  void eachPointIsARowOfARealHdf5File() throws Exception {
    Device camera = hdf5();
    done(camera.stage());
    List<AssetDocument> one = point(camera);
    double total = done(camera.read()).get(0).value().asDouble();
    List<AssetDocument> two = point(camera);

    StreamResource resource = (StreamResource) one.get(0);
    assertThat(resource.dataKey()).isEqualTo("cam_image");
    assertThat(resource.mimetype()).isEqualTo("application/x-hdf5");
    assertThat(resource.parameters().get("dataset")).isEqualTo(Value.of("/entry/data/data"));
    assertThat(resource.parameters().get("chunk_shape").shown()).isEqualTo("[1, 48, 64]");
    assertThat(path(resource).getParent()).isEqualTo(folder.resolve("1970/01"));
    assertThat(two.get(0)).isEqualTo(resource);
    assertThat(((StreamDatum) one.get(1)).indices()).isEqualTo(new StreamDatum.Range(0, 1));
    assertThat(((StreamDatum) two.get(1)).indices()).isEqualTo(new StreamDatum.Range(1, 2));
    assertThat(two.get(1).uid()).isEqualTo(resource.uid() + "/1");
    // while it is still being written
    assertThat(shape(path(resource))).containsExactly(2, 48, 64);

    done(camera.unstage());
    try (HdfFile hdf5 = new HdfFile(path(resource))) {
      int[][][] frames = (int[][][]) hdf5.getDatasetByPath("/entry/data/data").getData();
      double sum = 0;
      for (int[] row : frames[0]) {
        for (int pixel : row) {
          sum += pixel;
        }
      }
      assertThat(frames).hasNumberOfRows(2);
      assertThat(sum).isEqualTo(total);
    }
  }

  @Test
  void describesItsImageAsExternalAndItsStatisticsAsReadings() throws Exception {
    DeviceDescription description = done(hdf5("frames_per_point", 3).describe());
    DataKey image = description.dataKeys().get("cam_image");
    assertThat(image.external()).isEqualTo("STREAM:");
    assertThat(image.shape()).containsExactly(3, 48, 64);
    assertThat(image.dtypeNumpy()).isEqualTo("<u2");
    assertThat(description.hints()).containsExactly("cam_stats1_total");
    assertThat(description.configuration())
        .extracting(Reading::key)
        .contains("cam_cam_acquire_time", "cam_cam_image_mode", "cam_cam_model");
  }

  @Test
  void severalFramesAreOneRow() throws Exception {
    Device camera = hdf5("frames_per_point", 3);
    done(camera.stage());
    point(camera);
    List<AssetDocument> two = point(camera);
    assertThat(((StreamDatum) two.get(1)).indices()).isEqualTo(new StreamDatum.Range(1, 2));
    assertThat(shape(path((StreamResource) two.get(0)))).containsExactly(6, 48, 64);
  }

  @Test
  void unstagingPutsBackWhatStagingHasChanged() throws Exception {
    put("BH:cam1:NumImages", 17);
    put("BH:cam1:ImageMode", 2);
    put("BH:HDF1:FileWriteMode", 1);
    put("BH:HDF1:EnableCallbacks", 0);
    put("BH:cam1:NumExposures", 1);
    Device camera = hdf5("stage_sigs", Value.Fields.EMPTY.with("cam1:NumExposures", Value.of(2)));
    done(camera.stage());
    assertThat(get(link, "BH:HDF1:EnableCallbacks_RBV")).isEqualTo(1);
    assertThat(get(link, "BH:HDF1:Capture_RBV")).isEqualTo(1);
    assertThat(get(link, "BH:cam1:NumExposures_RBV")).isEqualTo(2);
    done(camera.unstage());
    assertThat(get(link, "BH:cam1:NumImages_RBV")).isEqualTo(17);
    assertThat(get(link, "BH:cam1:ImageMode_RBV")).isEqualTo(2);
    assertThat(get(link, "BH:cam1:NumExposures_RBV")).isEqualTo(1);
    assertThat(get(link, "BH:HDF1:FileWriteMode_RBV")).isEqualTo(1);
    assertThat(get(link, "BH:HDF1:EnableCallbacks_RBV")).isEqualTo(0);
    assertThat(get(link, "BH:HDF1:Capture_RBV")).isEqualTo(0);
  }

  @Test
  void anUnprimedPluginIsWarmedUpFirst() throws Exception {
    try (SimulatedIoc fresh = SimulatedIoc.start(0)) {
      CaLink over = new CaLink(CaSettings.loopback(fresh.port()));
      Signal message = signal(over, "BH:HDF1:WriteMessage", SignalOptions.POLLED);
      Signal capture = signal(over, "BH:HDF1:Capture", SignalOptions.POLLED);
      Signal path = signal(over, "BH:HDF1:FilePath", SignalOptions.POLLED);
      Signal mode = signal(over, "BH:HDF1:FileWriteMode", SignalOptions.POLLED);
      done(path.put(AreaText.toPut(path, folder.toString()), PATIENCE));
      done(mode.put(Value.of(2), PATIENCE));
      done(capture.put(Value.of(1), PATIENCE));
      // as the real one
      assertThat(AreaText.read(done(message.get(PATIENCE)).value())).contains("must collect");
      assertThat(get(over, "BH:HDF1:Capture_RBV")).isEqualTo(0);

      Device camera =
          camera(over, "file_plugin", "HDF1:", "write_path_template", folder.toString());
      done(camera.stage());
      StreamResource resource = (StreamResource) point(camera).get(0);
      assertThat(shape(path(resource))).containsExactly(1, 48, 64);
      done(camera.unstage());
      over.close();
    }
    open.clear();
  }

  @Test
  void aFolderThatCantBeMadeIsSaid() throws Exception {
    Device camera =
        camera(link, "file_plugin", "HDF1:", "write_path_template", "/no/such/a/b/c/d/e");
    DeviceFailure refused = failure(camera.stage());
    assertThat(refused.refusal().code()).isEqualTo("no-such-folder");
    assertThat(refused).hasMessageContaining("/no/such/a/b/c/d/e/").hasMessageContaining("-3");
    Device wrong = camera(link, "file_plugin", "HDF1:", "write_path_template", "/tmp/%Q");
    assertThat(failure(wrong.stage())).hasMessageContaining("%Q").hasMessageContaining("%Y");
    assertThat(failure(camera(link).trigger()).refusal().code()).isEqualTo("not-staged");
  }

  @Test
  void waitsForAPluginThatIsSlow() throws Exception {
    put("BH:HDF1:SimDelay", 0.2);
    try {
      Device camera = hdf5("frames_per_point", 2);
      done(camera.stage());
      point(camera);
      assertThat(get(link, "BH:HDF1:NumCaptured_RBV")).isEqualTo(2);
    } finally {
      put("BH:HDF1:SimDelay", 0);
    }
  }

  @Test
  void afterAStopTheNextPointIsInANewFile() throws Exception {
    Device camera = hdf5("acquire_time", Value.of(0.002), "frames_per_point", 2);
    done(camera.stage());
    StreamResource before = (StreamResource) point(camera).get(0);
    put("BH:cam1:AcquireTime", 600);
    CompletionStage<Void> long_ = camera.trigger();
    Signal acquiring = signal(link, "BH:cam1:Acquire_RBV", SignalOptions.MONITORED);
    done(acquiring.await(now -> now.asDouble() == 1, PATIENCE));
    done(camera.stop());
    assertThat(failure(long_).refusal().code()).isEqualTo("stopped");
    assertThat(camera.assets()).isEmpty();

    put("BH:cam1:AcquireTime", 0.002);
    List<AssetDocument> after = point(camera);
    assertThat(after.get(0).uid()).isNotEqualTo(before.uid());
    assertThat(((StreamDatum) after.get(1)).indices()).isEqualTo(new StreamDatum.Range(0, 1));
    assertThat(shape(path(before))).containsExactly(2, 48, 64);
    assertThat(shape(path((StreamResource) after.get(0)))).containsExactly(2, 48, 64);
    acquiring.close();
  }

  @Test
  void writesTiffsThatAnyProgramReads() throws Exception {
    Device camera =
        camera(
            link,
            "file_plugin",
            "TIFF1:",
            "file_format",
            "tiff",
            "write_path_template",
            folder + "/t");
    done(camera.stage());
    point(camera);
    StreamResource series = (StreamResource) point(camera).get(0);
    done(camera.unstage());
    assertThat(series.mimetype()).isEqualTo("multipart/related;type=image/tiff");
    assertThat(series.uri()).endsWith("/t/");
    String template = ((Value.Text) series.parameters().get("template")).value();
    assertThat(template).startsWith("cam_").endsWith("_{:06d}.tiff");
    try (Stream<Path> files = Files.list(folder.resolve("t"))) {
      assertThat(files).hasSize(2);
    }
    String second = template.replace("{:06d}", "000001");
    BufferedImage image = ImageIO.read(folder.resolve("t").resolve(second).toFile());
    assertThat(image.getWidth()).isEqualTo(64);
    assertThat(image.getHeight()).isEqualTo(48);
  }

  @Test
  void theClassicModelHasADatumForEachEvent() throws Exception {
    Device camera = hdf5("documents", "resource", "root", folder.toString());
    assertThat(done(camera.describe()).dataKeys().get("cam_image").external())
        .isEqualTo("FILESTORE:");
    done(camera.stage());
    List<AssetDocument> documents = point(camera);
    Resource resource = (Resource) documents.get(0);
    assertThat(resource.spec()).isEqualTo("AD_HDF5");
    assertThat(resource.root()).isEqualTo(folder.toString());
    assertThat(resource.resourcePath()).startsWith("1970/01/cam_").endsWith("_000000.h5");
    assertThat(resource.resourceKwargs().get("frame_per_point")).isEqualTo(Value.of(1));
    Datum datum = (Datum) documents.get(1);
    assertThat(datum.datumKwargs().get("point_number")).isEqualTo(Value.of(0));
    List<Reading> readings = done(camera.read());
    assertThat(readings).extracting(Reading::key).containsExactly("cam_stats1_total", "cam_image");
    assertThat(readings.get(1).value()).isEqualTo(Value.of(datum.datumId()));
  }

  @Test
  void aFileThatCantBeWrittenIsSaidInThePluginsWords() throws Exception {
    Device camera =
        camera(
            link,
            "file_plugin",
            "TIFF1:",
            "file_format",
            "tiff",
            "write_path_template",
            folder + "/gone");
    done(camera.stage());
    point(camera);
    Path gone = folder.resolve("gone");
    try (Stream<Path> files = Files.list(gone)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(gone);
    DeviceFailure failed = failure(camera.trigger());
    assertThat(failed.refusal().code()).isEqualTo("not-written");
    assertThat(failed).hasMessageContaining(gone.toString());
  }

  @Test
  void framesThatSomebodyElseTookEndTheFile() throws Exception {
    Device camera = hdf5();
    done(camera.stage());
    StreamResource before = (StreamResource) point(camera).get(0);
    put("BH:cam1:Acquire", 1);
    DeviceFailure failed = failure(camera.trigger());
    assertThat(failed.refusal().code()).isEqualTo("wrong-number-of-frames");
    assertThat(failed).hasMessageContaining("HDF1:").hasMessageContaining("2 were expected");
    List<AssetDocument> after = point(camera);
    assertThat(after.get(0).uid()).isNotEqualTo(before.uid());
    assertThat(((StreamDatum) after.get(1)).indices()).isEqualTo(new StreamDatum.Range(0, 1));
  }
}

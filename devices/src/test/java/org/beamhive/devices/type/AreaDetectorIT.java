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
  private Duration margin = PATIENCE;
  private Duration connecting = PATIENCE;

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
    Device device = unconnected(over, more);
    done(device.connect());
    return device;
  }

  private Device unconnected(CaLink over, Object... more) {
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
            new DeviceTimeouts(PATIENCE, margin));
    Device device =
        DeviceTypes.standard()
            .find("AreaDetector")
            .orElseThrow()
            .factory()
            .create(
                new DeviceOptions(new DeviceName("cam"), new Value.Fields(fields), connecting),
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
  void aPluginThatHasSeenNumbersOfAnotherTypeIsWarmedUpAnew() throws Exception {
    Device camera = camera(link, "file_plugin", "HDF1:", "write_path_template", folder.toString());
    done(camera.stage());
    done(camera.unstage());
    double before = get(link, "BH:cam1:ArrayCounter_RBV");
    done(camera.stage());
    assertThat(get(link, "BH:cam1:ArrayCounter_RBV")).as("it knows such frames").isEqualTo(before);
    done(camera.unstage());
    // as if the camera took other pictures now
    ioc.records().put("BH:cam1:DataType_RBV", 1);
    try {
      done(camera.stage());
      assertThat(get(link, "BH:cam1:ArrayCounter_RBV")).isEqualTo(before + 1);
      done(camera.unstage());
    } finally {
      ioc.records().put("BH:cam1:DataType_RBV", 3);
    }
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

  private static Value.Fields fields(Object... pairs) {
    Value.Fields fields = Value.Fields.EMPTY;
    for (int at = 0; at < pairs.length; at += 2) {
      Object value = pairs[at + 1];
      fields =
          fields.with(
              (String) pairs[at],
              value instanceof String text
                  ? Value.of(text)
                  : value instanceof Integer whole
                      ? Value.of(whole)
                      : value instanceof Boolean flag ? Value.of(flag) : Value.of((double) value));
    }
    return fields;
  }

  private static Value configuration(Device device, String key) throws Exception {
    return done(device.describe()).configuration().stream()
        .filter(reading -> reading.key().equals(key))
        .findFirst()
        .orElseThrow()
        .value();
  }

  private static Value texts(String... texts) {
    return Value.of(Stream.of(texts).map(Value::of).map(Value.class::cast).toList());
  }

  @Test
  void whatIsConfiguredIsPutReadBackAndHadByEachScan() throws Exception {
    put("BH:cam1:NumExposures", 1);
    Device camera = hdf5();
    done(
        camera.configure(
            fields(
                "acquire_time",
                0.003,
                "cam_cam_num_exposures",
                2,
                "num_images",
                3,
                "trigger_mode",
                "Internal")));
    assertThat(get(link, "BH:cam1:AcquireTime_RBV")).isEqualTo(0.003);
    DeviceDescription described = done(camera.describe());
    assertThat(configuration(camera, "cam_cam_acquire_time")).isEqualTo(Value.of(0.003));
    assertThat(configuration(camera, "cam_cam_num_exposures").asDouble()).isEqualTo(2);
    assertThat(configuration(camera, "cam_cam_num_images").asDouble()).isEqualTo(3);
    assertThat(configuration(camera, "cam_cam_trigger_mode")).isEqualTo(Value.of("Internal"));
    assertThat(described.configurationKeys().get("cam_cam_acquire_time").units()).isEqualTo("s");
    assertThat(described.configurationKeys().get("cam_cam_trigger_mode").choices())
        .containsExactly("Internal", "External");
    assertThat(described.dataKeys().get("cam_image").shape()).containsExactly(3, 48, 64);

    // whatever somebody does in between
    put("BH:cam1:AcquireTime", 0.5);
    done(camera.stage());
    assertThat(get(link, "BH:cam1:AcquireTime_RBV")).isEqualTo(0.003);
    assertThat(get(link, "BH:cam1:NumImages_RBV")).isEqualTo(3);
    assertThat(shape(path((StreamResource) point(camera).get(0)))).containsExactly(3, 48, 64);
    done(camera.configure(fields("acquire_time", 0.004)));
    assertThat(failure(camera.configure(fields("num_images", 2))))
        .hasMessageContaining("while a scan has the detector");
    done(camera.unstage());
    assertThat(get(link, "BH:cam1:AcquireTime_RBV")).isEqualTo(0.004);
    assertThat(get(link, "BH:cam1:NumExposures_RBV")).isEqualTo(2);
    put("BH:cam1:NumExposures", 1);
  }

  @Test
  void aSettingThatIsWrongIsRefusedWithWhatIsAllowed() throws Exception {
    Device camera = camera(link, "rois", "ROI1:");
    assertThat(failure(camera.configure(fields("trigger_mode", "Sometimes"))))
        .hasMessageContaining("Sometimes")
        .hasMessageContaining("Internal, External");
    assertThat(failure(camera.configure(fields("acquire_time", -1.0))))
        .hasMessage("cam: acquire_time = -1.0: must not be below 0.0.");
    assertThat(failure(camera.configure(fields("acquire_time", "long"))))
        .hasMessageContaining("must be a finite number");
    assertThat(failure(camera.configure(fields("num_exposures", 1.5))))
        .hasMessageContaining("must be a whole number");
    assertThat(failure(camera.configure(fields("roi1_bin_x", 0))))
        .hasMessageContaining("must not be below 1");
    assertThat(failure(camera.configure(fields("gain", 2))))
        .hasMessageContaining("is no setting; there are")
        .hasMessageContaining("acquire_period")
        .hasMessageContaining("roi1_size_x");
    Device wrong = camera(link, "trigger_mode", 7);
    assertThat(failure(wrong.stage())).hasMessageContaining("Internal, External, or 0 to 1");
  }

  @Test
  void theFramesOfARegionAreDescribedAsTheFileHasThem() throws Exception {
    Device camera = hdf5("rois", "ROI1:");
    try {
      done(
          camera.configure(
              fields(
                  "hdf1_nd_array_port",
                  "ROI1",
                  "roi1_min_x",
                  4,
                  "roi1_size_x",
                  16,
                  "roi1_bin_x",
                  2,
                  "roi1_min_y",
                  40,
                  "roi1_size_y",
                  20,
                  "roi1_enable_x",
                  true)));
      assertThat(configuration(camera, "cam_roi1_size_x").asDouble()).isEqualTo(16);
      assertThat(configuration(camera, "cam_roi1_enable_x")).isEqualTo(Value.of("Enable"));
      // 8 rows are left below row 40
      assertThat(done(camera.describe()).dataKeys().get("cam_image").shape())
          .containsExactly(1, 8, 8);
      done(camera.stage());
      StreamResource resource = (StreamResource) point(camera).get(0);
      assertThat(resource.parameters().get("chunk_shape").shown()).isEqualTo("[1, 8, 8]");
      assertThat(shape(path(resource))).containsExactly(1, 8, 8);
      done(camera.unstage());
      assertThat(get(link, "BH:ROI1:BinX_RBV")).isEqualTo(2);

      // not told to the run, so it would be described wrongly
      done(camera.configure(fields("roi1_bin_x", 1)));
      assertThat(failure(camera.stage()))
          .hasMessageContaining("1 x 8 x 16")
          .hasMessageContaining("described as 1 x 8 x 8");
    } finally {
      done(camera.configure(fields("hdf1_nd_array_port", "SIM1", "roi1_bin_x", 1)));
    }
  }

  @Test
  void theProcessPluginIsSetToo() throws Exception {
    Device camera = camera(link, "plugins", texts("Proc1:"));
    assertThat(failure(camera.configure(fields("proc1_enable_background", true))))
        .hasMessageContaining("BH:Proc1:SaveBackground");
    done(camera.configure(fields("stats1_nd_array_port", "PROC1")));
    try {
      done(camera.stage());
      done(camera.trigger());
      assertThat(done(camera.read()).get(0).value().asDouble()).isPositive();
      put("BH:Proc1:SaveBackground", 1);
      done(
          camera.configure(
              fields(
                  "proc1_enable_background",
                  "Enable",
                  "proc1_enable_offset_scale",
                  1,
                  "proc1_offset",
                  2.0,
                  "proc1_enable_filter",
                  true,
                  "proc1_num_filter",
                  4)));
      done(camera.trigger());
      assertThat(configuration(camera, "cam_proc1_num_filter").asDouble()).isEqualTo(4);
      assertThat(done(camera.read()).get(0).value()).isEqualTo(Value.of(2.0 * 48 * 64));
    } finally {
      done(
          camera.configure(
              fields(
                  "stats1_nd_array_port",
                  "SIM1",
                  "proc1_enable_background",
                  0,
                  "proc1_enable_offset_scale",
                  0,
                  "proc1_enable_filter",
                  0)));
    }
  }

  @Test
  void withoutWaitingForPluginsTheStatisticsAreStillThoseOfTheNewestFrame() throws Exception {
    put("BH:Stats1:SimDelay", 0.2);
    try {
      Device camera = camera(link, "wait_for_plugins", Value.of(false));
      done(camera.stage());
      done(camera.trigger());
      double one = done(camera.read()).get(0).value().asDouble();
      done(camera.configure(fields("acquire_time", 0.02)));
      done(camera.trigger());
      double two = done(camera.read()).get(0).value().asDouble();
      assertThat(two).isGreaterThan(one);
      done(camera.configure(fields("acquire_time", 0.002)));
      done(camera.trigger());
      assertThat(done(camera.read()).get(0).value().asDouble()).isEqualTo(one);
    } finally {
      put("BH:Stats1:SimDelay", 0);
    }
  }

  @Test
  void statisticsThatDontComeAreSaid() throws Exception {
    margin = Duration.ofSeconds(5);
    Device camera = camera(link, "wait_for_plugins", Value.of(false));
    done(camera.stage());
    put("BH:Stats1:EnableCallbacks", 0);
    DeviceFailure failed = failure(camera.trigger());
    assertThat(failed.refusal().code()).isEqualTo("late-statistics");
    assertThat(failed).hasMessageContaining("BH:Stats1: has worked off 0 of 1 frames");
  }

  @Test
  void aPluginOfAnotherTypeIsNamed() throws Exception {
    connecting = Duration.ofSeconds(6);
    List<String[]> all =
        List.of(
            new String[] {"file_plugin", "TIFF1:", "NDFileTIFF", "NDFileHDF5"},
            new String[] {"rois", "Stats1:", "NDPluginStats", "NDPluginROI"},
            new String[] {"stats", "HDF1:", "NDFileHDF5", "NDPluginStats"});
    List<CompletionStage<Void>> tries = new ArrayList<>();
    for (String[] wrong : all) {
      Device camera = unconnected(link, wrong[0], wrong[1], "write_path_template", "/tmp");
      tries.add(camera.connect());
    }
    for (int at = 0; at < all.size(); at++) {
      String[] wrong = all.get(at);
      CompletionStage<Void> attempt = tries.get(at);
      ExecutionException failed =
          org.junit.jupiter.api.Assertions.assertThrows(
              ExecutionException.class, () -> done(attempt));
      assertThat(DeviceFailure.refusalOf("cam", failed.getCause()).code())
          .isEqualTo("wrong-plugin");
      assertThat(failed)
          .hasMessageContaining("BH:" + wrong[1] + " is a plugin of the type " + wrong[2])
          .hasMessageContaining(wrong[3] + " is needed");
    }
  }

  @Test
  void anOlderIocMayLackLazyOpenAndCreateDirectory() throws Exception {
    try (SimulatedIoc older = SimulatedIoc.start(0)) {
      older.records().remove("BH:HDF1:LazyOpen");
      older.records().remove("BH:HDF1:CreateDirectory");
      older.records().remove("BH:HDF1:ColorMode_RBV");
      older.records().remove("BH:HDF1:PluginType_RBV");
      CaLink over = new CaLink(CaSettings.loopback(older.port()));
      Device camera =
          camera(over, "file_plugin", "HDF1:", "write_path_template", folder.toString());
      done(camera.stage());
      assertThat(shape(path((StreamResource) point(camera).get(0)))).containsExactly(1, 48, 64);
      done(camera.unstage());
      Device nowhere =
          camera(over, "file_plugin", "HDF1:", "write_path_template", folder + "/none");
      assertThat(failure(nowhere.stage())).hasMessageContaining("which makes none");
      done(nowhere.unstage());
      over.close();
    }
    open.clear();
  }

  @Test
  void aFrameOfAnotherSizeFailsThePoint() throws Exception {
    Device camera = hdf5();
    done(camera.describe());
    done(camera.stage());
    point(camera);
    put("BH:cam1:SizeX", 32);
    try {
      DeviceFailure failed = failure(camera.trigger());
      assertThat(failed.refusal().code()).isEqualTo("other-shape");
      assertThat(failed).hasMessageContaining("48 x 32").hasMessageContaining("48 x 64");
      done(camera.unstage());
      // the next run is told
      assertThat(done(camera.describe()).dataKeys().get("cam_image").shape())
          .containsExactly(1, 48, 32);
      done(camera.stage());
      assertThat(shape(path((StreamResource) point(camera).get(0)))).containsExactly(1, 48, 32);
    } finally {
      put("BH:cam1:SizeX", 64);
    }
  }

  @Test
  void colouredFramesAreDescribedAndOtherModesRefused() throws Exception {
    Device camera = hdf5();
    put("BH:cam1:ColorMode", 2);
    try {
      done(camera.stage());
      assertThat(done(camera.describe()).dataKeys().get("cam_image").shape())
          .containsExactly(1, 48, 64, 3);
      StreamResource resource = (StreamResource) point(camera).get(0);
      assertThat(resource.parameters().get("chunk_shape").shown()).isEqualTo("[1, 48, 64, 3]");
      assertThat(shape(path(resource))).containsExactly(1, 48, 64, 3);
      done(camera.unstage());
      put("BH:cam1:ColorMode", 3);
      DeviceFailure refused = failure(camera.stage());
      assertThat(refused.refusal().code()).isEqualTo("color-mode");
      assertThat(refused).hasMessageContaining("RGB2").hasMessageContaining("Mono");
    } finally {
      put("BH:cam1:ColorMode", 0);
    }
  }
}

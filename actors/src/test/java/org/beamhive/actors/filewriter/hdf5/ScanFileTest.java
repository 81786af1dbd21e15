package org.beamhive.actors.filewriter.hdf5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jhdf.HdfFile;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tree: groups, attributes, links and fixed datasets. */
class ScanFileTest {
  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("scan.h5");
  }

  @Test
  void isAReadableFileBeforeAnythingIsWritten() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      assertThat(file.path()).isEqualTo(path);
      try (LibHdf5 lib = LibHdf5.open(path);
          HdfFile jhdf = Jhdf.open(path)) {
        assertThat(lib.names("/")).isEmpty();
        assertThat(jhdf.getChildren()).isEmpty();
      }
    }
  }

  @Test
  void emptiesAnOldFile() throws IOException {
    Files.write(path, new byte[5_000_000]);
    ScanFile.create(path).close();

    assertThat(Files.size(path)).isLessThan(200);
    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.names("/")).isEmpty();
    }
  }

  @Test
  void keepsEmptyGroupsAndNestedGroups() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group entry = file.root().group("entry");
      entry.group("empty");
      entry.group("instrument").group("detector").group("Größe µ 試料");
      entry.group("instrument").group("motor");
      assertThat(entry.group("empty")).isSameAs(entry.group("empty"));
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.names("/")).containsExactly("entry");
      assertThat(lib.names("/entry")).containsExactly("empty", "instrument");
      assertThat(lib.names("/entry/empty")).isEmpty();
      assertThat(lib.names("/entry/instrument")).containsExactly("detector", "motor");
      assertThat(lib.names("/entry/instrument/detector")).containsExactly("Größe µ 試料");
      assertThat(jhdf.getByPath("/entry/instrument/detector/Größe µ 試料").isGroup()).isTrue();
    }
  }

  @Test
  void keepsEveryKindOfAttribute() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      describe(file.root());
      describe(file.root().group("g"));
      describe(file.root().dataset("d", 1.5));
      describe(file.root().stream("s", ElementType.FLOAT64));
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      for (String node : List.of("/", "/g", "/d", "/s")) {
        assertThat(lib.stringAttribute(node, "NX_class")).containsExactly("NXentry");
        assertThat(lib.stringAttribute(node, "utf8")).containsExactly("µm Ångström 試料");
        assertThat(lib.stringAttribute(node, "none")).containsExactly("");
        assertThat(lib.stringAttribute(node, "axes")).containsExactly("x", "", "ÿ");
        assertThat(lib.stringAttribute(node, "no axes")).isEmpty();
        assertThat(lib.stringAttribute(node, "long")).containsExactly("ab".repeat(50_000));
        assertThat(lib.doubleAttribute(node, "double")).containsExactly(-2.5);
        assertThat(lib.longAttribute(node, "long number")).containsExactly(Long.MIN_VALUE);
        assertThat(lib.doubleAttribute(node, "doubles")).containsExactly(1, Double.NaN, 3);
        assertThat(lib.doubleAttribute(node, "no doubles")).isEmpty();
        assertThat(lib.longAttribute(node, "longs")).containsExactly(1, 2, 3);

        Node same = node.equals("/") ? jhdf : jhdf.getByPath(node);
        assertThat(same.getAttributes()).hasSize(12);
        assertThat(same.getAttribute("utf8").getData()).isEqualTo("µm Ångström 試料");
        assertThat(same.getAttribute("none").getData()).isEqualTo("");
        assertThat(same.getAttribute("axes").getData()).isEqualTo(new String[] {"x", "", "ÿ"});
        assertThat(same.getAttribute("double").getData()).isEqualTo(-2.5);
        assertThat(same.getAttribute("true").getData()).isEqualTo("TRUE");
        assertThat(same.getAttribute("longs").getData()).isEqualTo(new long[] {1, 2, 3});
      }
    }
  }

  private static void describe(org.beamhive.actors.filewriter.hdf5.Node node) {
    node.attribute("NX_class", "NXentry")
        .attribute("utf8", "µm Ångström 試料")
        .attribute("none", "")
        .attribute("axes", List.of("x", "", "ÿ"))
        .attribute("no axes", new String[0])
        .attribute("long", "ab".repeat(50_000))
        .attribute("double", -2.5)
        .attribute("long number", Long.MIN_VALUE)
        .attribute("true", true)
        .attribute("doubles", new double[] {1, Double.NaN, 3})
        .attribute("no doubles", new double[0])
        .attribute("longs", new long[] {1, 2, 3});
  }

  @Test
  void keepsEveryKindOfFixedDataset() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      root.dataset("text", "Röntgen");
      root.dataset("none", "");
      root.dataset("texts", List.of("a", "", "試料"));
      root.dataset("no texts", List.of());
      root.dataset("double", 0.1);
      root.dataset("long", 42L);
      root.dataset("int", 43);
      root.dataset("true", true);
      root.dataset("false", false);
      root.dataset("doubles", new double[] {1, 2});
      root.dataset("no doubles", new double[0]);
      root.dataset("longs", new long[] {7, 8, 9});
      root.dataset("table", new double[][] {{1, 2, 3}, {4, 5, 6}});
      root.dataset("no table", new double[0][]);
      root.dataset("big", new double[100_000]).attribute("units", "m");
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.strings("/text")).containsExactly("Röntgen");
      assertThat(lib.shape("/text")).isEmpty();
      assertThat(lib.strings("/none")).containsExactly("");
      assertThat(lib.strings("/texts")).containsExactly("a", "", "試料");
      assertThat(lib.strings("/no texts")).isEmpty();
      assertThat(lib.doubles("/double")).containsExactly(0.1);
      assertThat(lib.longs("/long")).containsExactly(42);
      assertThat(lib.longs("/int")).containsExactly(43);
      assertThat(lib.bytes("/true")).containsExactly(1);
      assertThat(lib.bytes("/false")).containsExactly(0);
      assertThat(lib.enumNames("/true")).containsExactly("FALSE", "TRUE");
      assertThat(lib.doubles("/doubles")).containsExactly(1, 2);
      assertThat(lib.shape("/no doubles")).containsExactly(0);
      assertThat(lib.doubles("/no doubles")).isEmpty();
      assertThat(lib.longs("/longs")).containsExactly(7, 8, 9);
      assertThat(lib.shape("/table")).containsExactly(2, 3);
      assertThat(lib.doubles("/table")).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(lib.shape("/no table")).containsExactly(0, 0);
      assertThat(lib.shape("/big")).containsExactly(100_000);
      assertThat(lib.stringAttribute("/big", "units")).containsExactly("m");

      assertThat(jhdf.getDatasetByPath("/text").getData()).isEqualTo("Röntgen");
      assertThat(jhdf.getDatasetByPath("/none").getData()).isEqualTo("");
      assertThat(jhdf.getDatasetByPath("/texts").getData()).isEqualTo(new String[] {"a", "", "試料"});
      assertThat(jhdf.getDatasetByPath("/table").getData())
          .isEqualTo(new double[][] {{1, 2, 3}, {4, 5, 6}});
      assertThat(jhdf.getDatasetByPath("/long").getData()).isEqualTo(42L);
    }
  }

  @Test
  void linksWithinTheFileAndToOthers() throws IOException {
    try (ScanFile other = ScanFile.create(folder.resolve("detector.h5"))) {
      other.root().group("entry").dataset("frames", new double[] {1, 2, 3});
    }
    try (ScanFile file = ScanFile.create(path)) {
      Group entry = file.root().group("entry");
      Dataset value = entry.group("motor").dataset("value", new double[] {4, 5});
      entry.softLink("soft", "/entry/motor/value");
      entry.softLink("dangling", "/nowhere");
      entry.externalLink("external", "detector.h5", "/entry/frames");
      entry.hardLink("hard", value);
      entry.hardLink("motor again", entry.group("motor"));
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.doubles("/entry/soft")).containsExactly(4, 5);
      assertThat(lib.doubles("/entry/hard")).containsExactly(4, 5);
      assertThat(lib.doubles("/entry/motor again/value")).containsExactly(4, 5);
      assertThat(lib.doubles("/entry/external")).containsExactly(1, 2, 3);
      assertThat(lib.names("/entry")).contains("dangling");
      assertThat(lib.exists("/entry/dangling")).isFalse();
      assertThat(lib.hardLinks("/entry/hard")).isEqualTo(2);
      assertThat(lib.hardLinks("/entry/motor")).isEqualTo(2);
      assertThat(lib.hardLinks("/entry")).isEqualTo(1);

      assertThat(jhdf.getDatasetByPath("/entry/soft").getData()).isEqualTo(new double[] {4, 5});
      assertThat(jhdf.getDatasetByPath("/entry/external").getData())
          .isEqualTo(new double[] {1, 2, 3});
    }
  }

  @Test
  void aHardLinkMadeLaterSeesLaterChanges() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      Group motor = root.group("motors").group("x");
      Stream stream = motor.stream("value", ElementType.FLOAT64);
      stream.append(1.0);
      file.publish();
      root.group("data").hardLink("x", motor).hardLink("value", stream);
      file.publish();
      stream.append(2.0);
      stream.attribute("units", "mm");
      motor.dataset("offset", 0.5);
      file.publish();

      try (LibHdf5 lib = LibHdf5.open(path)) {
        assertThat(lib.doubles("/data/value")).containsExactly(1, 2);
        assertThat(lib.doubles("/data/x/value")).containsExactly(1, 2);
        assertThat(lib.doubles("/data/x/offset")).containsExactly(0.5);
        assertThat(lib.stringAttribute("/motors/x/value", "units")).containsExactly("mm");
        assertThat(lib.hardLinks("/data/value")).isEqualTo(2);
      }
    }
  }

  @Test
  void replacesValuesAndAttributes() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group entry = file.root().group("entry").attribute("state", "running");
      entry.dataset("end_time", "").attribute("kept", 1L);
      Dataset points = entry.dataset("points", 0L);
      entry.group("copy").hardLink("points", points);
      file.publish();
      long before = Files.size(path);
      for (long n = 1; n <= 5; n++) {
        assertThat(entry.dataset("points", n)).isSameAs(points);
        file.publish();
        try (LibHdf5 lib = LibHdf5.open(path)) {
          assertThat(lib.longs("/entry/points")).containsExactly(n);
          assertThat(lib.longs("/entry/copy/points")).containsExactly(n);
        }
      }
      entry.attribute("state", "done").dataset("end_time", "2026-11-21T12:00:00+01:00");
      entry.dataset("points", "many");
      file.publish();
      file.publish();
      assertThat(Files.size(path)).isEqualTo(before);
    }

    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.strings("/entry/end_time")).containsExactly("2026-11-21T12:00:00+01:00");
      assertThat(lib.longAttribute("/entry/end_time", "kept")).containsExactly(1);
      assertThat(lib.strings("/entry/points")).containsExactly("many");
      assertThat(lib.stringAttribute("/entry", "state")).containsExactly("done");
    }
  }

  @Test
  void showsChangesOnlyWhenPublished() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      file.root().group("entry");
      file.flush();
      try (LibHdf5 lib = LibHdf5.open(path)) {
        assertThat(lib.exists("/entry")).isFalse();
      }
      file.publish();
      try (LibHdf5 lib = LibHdf5.open(path)) {
        assertThat(lib.exists("/entry")).isTrue();
      }
    }
  }

  @Test
  void holdsManyNodesInOneGroup() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      for (int i = 0; i < 3000; i++) {
        file.root().dataset("device-" + i, (long) i);
      }
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.names("/")).hasSize(3000);
      assertThat(lib.longs("/device-2999")).containsExactly(2999);
      assertThat(jhdf.getChildren()).hasSize(3000);
    }
  }

  @Test
  void canBeEditedByOthersAfterwards() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Stream stream = file.root().group("entry").stream("x", ElementType.FLOAT64);
      for (int i = 0; i < 3000; i++) {
        stream.append(i);
      }
      stream.attribute("units", "mm");
    }
    LibHdf5.edit(path, "/entry/analysis");

    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.names("/entry")).containsExactly("analysis", "x");
      assertThat(lib.doubles("/entry/x")).hasSize(3000);
    }
  }

  @Test
  void keepsRandomTrees() throws IOException {
    for (int seed = 0; seed < 40; seed++) {
      Path random = folder.resolve("random-" + seed + ".h5");
      Map<String, Object> expected = new HashMap<>();
      Random choice = new Random(seed);
      try (ScanFile file = ScanFile.create(random)) {
        for (int step = 0; step < 60; step++) {
          change(file, choice, expected);
        }
      }
      try (LibHdf5 lib = LibHdf5.open(random);
          HdfFile jhdf = Jhdf.open(random)) {
        expected.forEach((node, value) -> compare(node, value, lib, jhdf));
      }
    }
  }

  private static void change(ScanFile file, Random choice, Map<String, Object> expected)
      throws IOException {
    Group group = file.root();
    for (int depth = choice.nextInt(4); depth > 0; depth--) {
      group = group.group("g" + choice.nextInt(3));
      expected.put(group.path(), Group.class);
    }
    String base = group.path().equals("/") ? "/" : group.path() + "/";
    int number = choice.nextInt(3);
    switch (choice.nextInt(6)) {
      case 0 -> {
        double[] value = choice.doubles(choice.nextInt(20)).toArray();
        group.dataset("d" + number, value);
        expected.put(base + "d" + number, value);
      }
      case 1 -> {
        String value = "é".repeat(choice.nextInt(3000));
        group.dataset("s" + number, value);
        expected.put(base + "s" + number, value);
      }
      case 2 -> {
        long value = choice.nextLong();
        group.attribute("a" + number, value);
        expected.put(group.path() + "@a" + number, value);
      }
      case 3 -> {
        if (!expected.containsKey(base + "t" + number)) {
          double[] value = choice.doubles(choice.nextInt(300)).toArray();
          group.stream("t" + number, ElementType.FLOAT64, new long[0], 7).append(value);
          expected.put(base + "t" + number, value);
        }
      }
      case 4 -> file.flush();
      default -> file.publish();
    }
  }

  private static void compare(String node, Object value, LibHdf5 lib, HdfFile jhdf) {
    if (value instanceof double[] numbers) {
      assertThat(lib.doubles(node)).as(node).containsExactly(numbers);
      if (numbers.length > 0) {
        assertThat(jhdf.getDatasetByPath(node).getData()).as(node).isEqualTo(numbers);
      }
    } else if (value instanceof String text) {
      assertThat(lib.strings(node)).as(node).isEqualTo(List.of(text));
      assertThat(jhdf.getDatasetByPath(node).getData()).as(node).isEqualTo(text);
    } else if (value instanceof Long number) {
      String[] parts = node.split("@");
      assertThat(lib.longAttribute(parts[0], parts[1])).as(node).containsExactly(number);
    } else {
      assertThat(lib.exists(node)).as(node).isTrue();
      assertThat(jhdf.getByPath(node).isGroup()).as(node).isTrue();
    }
  }

  @Test
  void refusesNamesThatHdf5CannotHold() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      for (String name : Arrays.asList("", "a/b", ".", "x".repeat(255), "é".repeat(128), null)) {
        assertThatThrownBy(() -> root.group(name)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> root.dataset(name, 1L))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> root.stream(name, ElementType.BOOL))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> root.softLink(name, "/"))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> root.attribute(name, 1L))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> root.group("g").group("a/b"))
          .hasMessageContaining("'a/b' in /g")
          .hasMessageContaining("'/'");
      root.group("x".repeat(254));
    }
    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.names("/")).containsExactly("g", "x".repeat(254));
    }
  }

  @Test
  void refusesAttributesAndLinksThatAreTooLarge() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group entry = file.root().group("entry").attribute("most", new double[8000]);
      assertThatThrownBy(() -> entry.attribute("config", new double[10_000]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Attribute 'config' of /entry takes 800")
          .hasMessageContaining("store it as a dataset");
      assertThatThrownBy(() -> entry.softLink("far", "x".repeat(70_000)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Link 'far' in /entry");
    }
    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.doubleAttribute("/entry", "most")).hasSize(8000);
      assertThat(lib.names("/entry")).isEmpty();
    }
  }

  @Test
  void refusesValuesItHasNoTypeFor() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      assertThatThrownBy(() -> root.dataset("d", new Object()))
          .hasMessageContaining("Dataset /d cannot hold a Object");
      assertThatThrownBy(() -> root.dataset("d", null)).hasMessageContaining("null");
      assertThatThrownBy(() -> root.attribute("a", List.of(1, 2)))
          .hasMessageContaining("Attribute 'a' of /");
      assertThatThrownBy(() -> root.dataset("d", new double[][] {{1}, {1, 2}}))
          .hasMessageContaining("equally long");
    }
    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.names("/")).isEmpty();
    }
  }

  @Test
  void refusesASecondObjectOfTheSameName() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      root.group("g");
      root.stream("s", ElementType.BOOL);
      assertThatThrownBy(() -> root.dataset("g", 1L)).hasMessageContaining("/g exists already");
      assertThatThrownBy(() -> root.group("s")).hasMessageContaining("/s exists already");
      assertThatThrownBy(() -> root.stream("s", ElementType.BOOL))
          .hasMessageContaining("/s exists already");
      assertThatThrownBy(() -> root.softLink("s", "/g")).hasMessageContaining("/s exists already");
    }
  }

  @Test
  void refusesHardLinksThatHdf5CannotFollow() throws IOException {
    try (ScanFile file = ScanFile.create(path);
        ScanFile other = ScanFile.create(folder.resolve("other.h5"))) {
      Group inner = file.root().group("a").group("b");
      assertThatThrownBy(() -> inner.hardLink("up", file.root().group("a")))
          .hasMessageContaining("Link 'up' in /a/b");
      assertThatThrownBy(() -> inner.hardLink("self", inner)).hasMessageContaining("soft link");
      assertThatThrownBy(() -> inner.hardLink("other", other.root().group("g")))
          .hasMessageContaining("another file");
    }
  }

  @Test
  void refusesEverythingAfterClose() throws IOException {
    ScanFile file = ScanFile.create(path);
    Group group = file.root().group("g");
    Stream stream = group.stream("s", ElementType.FLOAT64);
    file.close();
    file.close();

    assertThatThrownBy(() -> stream.append(1.0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(path.toString());
    assertThatThrownBy(() -> stream.append(new double[0])).hasMessageContaining("is closed");
    assertThatThrownBy(() -> group.group("h")).hasMessageContaining("is closed");
    assertThatThrownBy(() -> group.attribute("a", 1L)).hasMessageContaining("is closed");
    assertThatThrownBy(() -> group.dataset("d", 1L)).hasMessageContaining("is closed");
    assertThatThrownBy(file::flush).hasMessageContaining("is closed");
    assertThatThrownBy(file::publish).hasMessageContaining("is closed");
  }

  @Test
  void namesTheFileThatCannotBeCreated() {
    assertThatThrownBy(() -> ScanFile.create(folder.resolve("missing/scan.h5")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing/scan.h5");
  }
}

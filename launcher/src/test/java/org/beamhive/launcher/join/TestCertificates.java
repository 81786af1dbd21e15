package org.beamhive.launcher.join;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Certificates of a CA for tests, made with the JDK's keytool, as PEM files in a folder. */
public final class TestCertificates {
  private static final String PASSWORD = "changeit";

  private final Path folder;
  private final String ca;

  /** The PEM files of one certificate. */
  public record Signed(Path certificate, Path key) {}

  /** Makes a CA. */
  public TestCertificates(Path folder, String ca) {
    this.folder = folder;
    this.ca = ca;
    keytool(
        ca,
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + ca,
        "-ext",
        "bc:c=ca:true",
        "-ext",
        "ku:c=keyCertSign",
        "-validity",
        "30");
    keytool(ca, "-exportcert", "-rfc", "-file", folder.resolve(ca + ".pem").toString());
  }

  /** The CA's certificate. */
  public Path ca() {
    return folder.resolve(ca + ".pem");
  }

  /** A certificate for 127.0.0.1, valid for 10 days. */
  public Signed signed(String name, String algorithm) {
    return signed(name, algorithm, "-validity", "10");
  }

  /** A certificate for 127.0.0.1. */
  public Signed signed(String name, String algorithm, String... validity) {
    keytool(name, "-genkeypair", "-keyalg", algorithm, "-dname", "CN=" + name);
    Path request = folder.resolve(name + ".csr");
    Path certificate = folder.resolve(name + ".pem");
    keytool(name, "-certreq", "-file", request.toString());
    List<String> sign =
        new ArrayList<>(
            List.of(
                "-rfc",
                "-infile",
                request.toString(),
                "-outfile",
                certificate.toString(),
                "-ext",
                "san=ip:127.0.0.1,dns:localhost"));
    sign.addAll(Arrays.asList(validity));
    keytool(ca, "-gencert", sign.toArray(String[]::new));
    Path key = folder.resolve(name + ".key");
    write(key, pkcs8(name));
    return new Signed(certificate, key);
  }

  private byte[] pkcs8(String name) {
    try (InputStream file = Files.newInputStream(store(name))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(file, PASSWORD.toCharArray());
      return store.getKey(name, PASSWORD.toCharArray()).getEncoded();
    } catch (IOException | GeneralSecurityException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private static void write(Path key, byte[] pkcs8) {
    try {
      Files.writeString(
          key,
          "-----BEGIN PRIVATE KEY-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs8)
              + "\n-----END PRIVATE KEY-----\n");
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private Path store(String name) {
    return folder.resolve(name + ".p12");
  }

  private void keytool(String name, String command, String... options) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    words.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-Xshare:auto", command));
    words.addAll(List.of("-alias", name, "-keystore", store(name).toString()));
    words.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    words.addAll(Arrays.asList(options));
    try {
      Path output = folder.resolve(name + ".keytool");
      Process process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IllegalStateException(words + ": " + Files.readString(output));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }
}

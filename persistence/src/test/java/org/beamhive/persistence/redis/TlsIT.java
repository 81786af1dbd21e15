package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.query.EventEnvelope;
import com.typesafe.config.Config;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugin on a Redis with TLS. */
class TlsIT {

  private static final String PASSWORD = "of-the-private-key";
  private static final String ALGORITHM = "PBEWithHmacSHA256AndAES_256";

  /** Object identifier of the form of encryption that openssl has written for twenty years. */
  private static final byte[] PBES2 = {
    0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x05, 0x0d
  };

  private static RedisServerForTest redis;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  private static Config config(TlsProxy tls, String... settings) {
    return redis.config(
        "beamhive.persistence.redis.url = \"" + tls.url() + "\"",
        "beamhive.persistence.redis.tls {\n" + String.join("\n", settings) + "\n}");
  }

  private static String file(String key, Path file) {
    return key + " = \"" + file + "\"";
  }

  private static void works(String name, Config config) {
    try (NotebooksForTest books = NotebooksForTest.on(config);
        StreamReader<EventEnvelope> live =
            StreamReader.of(
                books.queries().eventsByPersistenceId(Notebook.id(name), 0, Long.MAX_VALUE),
                books.system())) {
      books.write(books.open(name), "x");
      assertThat(NotebooksForTest.text(live.next())).isEqualTo("x.0");
    }
    assertThat(NotebooksForTest.recovered(config, name)).containsExactly("x.0");
  }

  private static void isRefused(Config config, String why) {
    try (LogForTest log = LogForTest.open();
        NotebooksForTest books = NotebooksForTest.on(config)) {
      books.open("refused");
      log.await("ERROR", RedisStoreException.class.getName(), why);
      assertThat(log.text()).doesNotContain(PASSWORD);
    }
  }

  @Test
  void worksWithATrustedCertificateAndIsRefusedWithoutIt() throws IOException {
    try (TlsProxy tls = TlsProxy.before(redis)) {
      works("trusted", config(tls, file("trusted", tls.certificate())));
      isRefused(config(tls), "shows a certificate that is not trusted");
    }
  }

  @Test
  void theCertificateOfAnotherHostIsGoodEnoughOnlyIfTheSettingsSaySo() throws IOException {
    try (TlsProxy tls = TlsProxy.withTheCertificateOf("elsewhere", redis)) {
      String trusted = file("trusted", tls.certificate());
      isRefused(config(tls, trusted), "shows the certificate of another host");
      works("ca", config(tls, trusted, "verify = ca"));
      isRefused(config(tls, "verify = ca"), "shows a certificate that is not trusted");
      works("none", config(tls, "verify = none"));
    }
  }

  @Test
  void showsItsOwnCertificateToARedisThatAsksForOne(@TempDir Path folder) throws Exception {
    try (TlsProxy tls = TlsProxy.askingForACertificate(redis)) {
      String trusted = file("trusted", tls.certificate());
      String certificate = file("certificate", tls.clientCertificate());
      isRefused(config(tls, trusted), "refused the certificate of this client, or the lack of one");
      works("plain-key", config(tls, trusted, certificate, file("private-key", tls.clientKey())));

      Path encrypted = encrypt(tls.clientKey(), folder.resolve("encrypted.key"));
      String key = file("private-key", encrypted);
      works(
          "encrypted-key",
          config(tls, trusted, certificate, key, "private-key-password = \"" + PASSWORD + "\""));
      isRefused(
          config(tls, trusted, certificate, key, "private-key-password = wrong"), "private key");
    }
  }

  /** As {@code openssl pkcs8 -topk8} does it. */
  private static Path encrypt(Path key, Path file) throws IOException, GeneralSecurityException {
    String pem = Files.readString(key).replaceAll("-----[^-]*-----|\\s", "");
    SecretKey password =
        SecretKeyFactory.getInstance(ALGORITHM)
            .generateSecret(new PBEKeySpec(PASSWORD.toCharArray()));
    Cipher cipher = Cipher.getInstance(ALGORITHM);
    cipher.init(Cipher.ENCRYPT_MODE, password);
    byte[] encrypted = cipher.doFinal(Base64.getDecoder().decode(pem));
    byte[] algorithm = der(0x30, PBES2, cipher.getParameters().getEncoded());
    byte[] content = der(0x30, algorithm, der(0x04, encrypted));
    return Files.writeString(
        file,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(content)
            + "\n-----END ENCRYPTED PRIVATE KEY-----\n");
  }

  /** Java 17 makes this form only of older ciphers. */
  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    Stream.of(parts).forEach(content::writeBytes);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(tag);
    if (content.size() > 127) {
      all.write(0x82);
      all.write(content.size() >> 8);
    }
    all.write(content.size() & 0xff);
    all.writeBytes(content.toByteArray());
    return all.toByteArray();
  }
}

package org.beamhive.persistence.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A Redis with TLS: the end of TLS before a real one. Its certificate is made at run time and
 * signed by itself, so nobody trusts it who was not given it.
 */
final class TlsProxy implements AutoCloseable {

  /** Of all key stores here. */
  static final String PASSWORD = "test-of-tls";

  private static final String LOCAL = "ip:127.0.0.1,dns:localhost";

  private final Path folder = RedisProcess.folder();
  private final PassingProxy proxy;

  private TlsProxy(int target, String names, boolean asksForCertificate) {
    try {
      KeyStore server = makeCertificate("server", names);
      writeTrustStore(server);
      KeyStore client = asksForCertificate ? makeCertificate("client", LOCAL) : emptyStore();
      SSLServerSocket socket =
          (SSLServerSocket)
              context(server, client)
                  .getServerSocketFactory()
                  .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
      socket.setNeedClientAuth(asksForCertificate);
      this.proxy =
          new PassingProxy(socket, target, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Any client may connect. */
  static TlsProxy before(RedisServerForTest redis) {
    return new TlsProxy(redis.port(), LOCAL, false);
  }

  /** Only clients with {@link #clientCertificate} may connect. */
  static TlsProxy askingForACertificate(RedisServerForTest redis) {
    return new TlsProxy(redis.port(), LOCAL, true);
  }

  /** Its certificate is for another host. */
  static TlsProxy withTheCertificateOf(String host, RedisServerForTest redis) {
    return new TlsProxy(redis.port(), "dns:" + host, false);
  }

  int port() {
    return proxy.port();
  }

  String url() {
    return "rediss://127.0.0.1:" + port();
  }

  /** PEM file of the server's certificate. */
  Path certificate() {
    return folder.resolve("server.crt");
  }

  /** PKCS #12 file with the server's certificate as a trusted one. */
  Path trustStore() {
    return folder.resolve("trust.p12");
  }

  /** PEM file of the certificate that a client is asked for, if it is. */
  Path clientCertificate() {
    return folder.resolve("client.crt");
  }

  /** PEM file of the key of {@link #clientCertificate}, not encrypted. */
  Path clientKey() {
    return folder.resolve("client.key");
  }

  /** PKCS #12 file with {@link #clientCertificate} and its key. */
  Path clientKeyStore() {
    return folder.resolve("client.p12");
  }

  /** Makes {@code <name>.p12}, {@code <name>.crt} and {@code <name>.key}. */
  private KeyStore makeCertificate(String name, String names)
      throws IOException, GeneralSecurityException {
    Path file = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=" + names,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    try {
      if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
        keytool.destroyForcibly();
        throw new IllegalStateException(
            "keytool failed: " + Files.readString(folder.resolve("keytool.log")));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    writePem(folder.resolve(name + ".crt"), "CERTIFICATE", store.getCertificate(name).getEncoded());
    writePem(
        folder.resolve(name + ".key"),
        "PRIVATE KEY",
        store.getKey(name, PASSWORD.toCharArray()).getEncoded());
    return store;
  }

  private static void writePem(Path file, String what, byte[] content) throws IOException {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, base64, what));
  }

  private SSLContext context(KeyStore server, KeyStore client)
      throws IOException, GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(server, PASSWORD.toCharArray());
    KeyStore trusted = emptyStore();
    if (client.size() > 0) {
      trusted.setCertificateEntry("client", client.getCertificate("client"));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private void writeTrustStore(KeyStore server) throws IOException, GeneralSecurityException {
    KeyStore store = emptyStore();
    store.setCertificateEntry("server", server.getCertificate("server"));
    try (var out = Files.newOutputStream(trustStore())) {
      store.store(out, PASSWORD.toCharArray());
    }
  }

  @Override
  public void close() throws IOException {
    proxy.close();
    RedisProcess.delete(folder);
  }
}

package org.beamhive.launcher.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.cluster.tls.TrustedCa;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mistakes with certificates are found before anything starts, each with its key and file. */
class TlsIdentityTest {
  @TempDir private static Path folder;
  private static TestCertificates ours;
  private static TestCertificates.Signed node;

  @BeforeAll
  static void make() {
    ours = new TestCertificates(folder, "beamline-ca");
    node = ours.signed("node", "RSA");
  }

  private static Config config(Object certificate, Object key, Object trusted) {
    return ConfigFactory.parseMap(
        Map.of(
            "beamhive.tls.enabled",
            true,
            "beamhive.tls.certificate",
            certificate.toString(),
            "beamhive.tls.private-key",
            key.toString(),
            "beamhive.tls.trusted",
            trusted.toString()));
  }

  private static void refused(Config config, String... words) {
    assertThatThrownBy(() -> TlsIdentity.ofNode(config, Instant.now()))
        .isInstanceOf(ConfigProblem.class)
        .hasMessageContainingAll(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void takesKeysOfTheUsualKinds(String algorithm) {
    TestCertificates.Signed signed = ours.signed("node-" + algorithm, algorithm);
    Config config = config(signed.certificate(), signed.key(), ours.ca());
    TlsIdentity identity = TlsIdentity.ofNode(config, Instant.now()).orElseThrow();
    assertThat(identity.context().getProtocol()).isEqualTo("TLS");
    assertThat(identity.expiresSoon(Instant.now()).orElseThrow())
        .contains("beamhive.tls.certificate", signed.certificate().toString(), "renew");
    assertThat(identity.expiresSoon(Instant.now().minus(Duration.ofDays(25)))).isEmpty();
  }

  @Test
  void isOffUnlessEnabled() {
    Config config =
        config("", "", "").withValue("beamhive.tls.enabled", ConfigValueFactory.fromAnyRef(false));
    assertThat(TlsIdentity.ofNode(config, Instant.now())).isEmpty();
  }

  @Test
  void namesEveryFileThatIsMissing() {
    refused(
        config(folder.resolve("none.pem"), "", folder),
        "beamhive.tls.certificate = '" + folder.resolve("none.pem") + "' does not exist",
        "beamhive.tls.private-key is empty",
        "beamhive.tls.trusted = '" + folder + "' is a folder");
  }

  @Test
  void namesAKeyOfAnotherCertificate() {
    TestCertificates.Signed other = ours.signed("other", "RSA");
    refused(
        config(node.certificate(), other.key(), ours.ca()),
        "beamhive.tls.private-key = '" + other.key() + "' does not belong to the certificate",
        node.certificate().toString());
  }

  @Test
  void namesAKeyThatCantBeRead() throws Exception {
    Path old = folder.resolve("old.key");
    Files.writeString(
        old, Files.readString(node.key()).replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    refused(
        config(node.certificate(), old, ours.ca()),
        "beamhive.tls.private-key = '" + old + "' holds an encrypted key",
        "openssl pkcs8 -topk8 -nocrypt -in old.key");
    refused(config(node.certificate(), node.certificate(), ours.ca()), "holds no private key");
    refused(config(node.key(), node.key(), ours.ca()), "holds no certificate");
  }

  @Test
  void namesACertificateThatHasExpired() {
    TestCertificates.Signed old =
        ours.signed("expired", "EC", "-startdate", "-10d", "-validity", "1");
    refused(
        config(old.certificate(), old.key(), ours.ca()),
        "beamhive.tls.certificate = '" + old.certificate() + "' is no longer valid",
        "CN=expired");
  }

  @Test
  void namesACertificateOfAnotherCa() {
    TestCertificates foreign = new TestCertificates(folder, "foreign-ca");
    TestCertificates.Signed stranger = foreign.signed("stranger", "EC");
    refused(
        config(stranger.certificate(), stranger.key(), ours.ca()),
        "beamhive.tls.certificate = '" + stranger.certificate() + "' is not signed by the CA of",
        ours.ca().toString());
  }

  @Test
  void aClientNamesItsCaFile() {
    assertThat(TrustedCa.clientContext(ours.ca()).getProtocol()).isEqualTo("TLS");
    assertThatThrownBy(() -> TrustedCa.clientContext(folder.resolve("none.pem")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'" + folder.resolve("none.pem") + "' does not exist");
  }
}

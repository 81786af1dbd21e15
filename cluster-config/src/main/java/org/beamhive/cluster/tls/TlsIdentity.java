package org.beamhive.cluster.tls;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.beamhive.cluster.ConfigProblem;

/**
 * A certificate with its key, and whom it trusts: read from the PEM files of a section, and found
 * usable. Files are read once, at the start; a new certificate is taken at the next start.
 */
public final class TlsIdentity {
  private static final Duration SOON = Duration.ofDays(30);
  // any password: the key store never leaves the memory
  private static final char[] INSIDE = "inside".toCharArray();

  private final String section;
  private final Path certificate;
  private final List<X509Certificate> chain;
  private final PrivateKey key;
  private final List<X509Certificate> trusted;

  private TlsIdentity(
      String section,
      Path certificate,
      List<X509Certificate> chain,
      PrivateKey key,
      List<X509Certificate> trusted) {
    this.section = section;
    this.certificate = certificate;
    this.chain = List.copyOf(chain);
    this.key = key;
    this.trusted = List.copyOf(trusted);
  }

  /**
   * The identity of the nodes among each other, {@code beamhive.tls}: {@code certificate}, {@code
   * private-key}, and {@code trusted}, whose CA has signed the certificates of all nodes.
   *
   * @param now when the certificates must be valid
   * @return empty if it is not enabled
   * @throws ConfigProblem naming every mistake with its key and file
   */
  public static Optional<TlsIdentity> ofNode(Config config, Instant now) {
    return from(config, "beamhive.tls", true, now);
  }

  /**
   * The identity of the HTTP interface, {@code beamhive.web.tls}: {@code certificate} and {@code
   * private-key}.
   *
   * @param now when the certificate must be valid
   * @return empty if it is not enabled
   * @throws ConfigProblem naming every mistake with its key and file
   */
  public static Optional<TlsIdentity> ofWeb(Config config, Instant now) {
    return from(config, "beamhive.web.tls", false, now);
  }

  private static Optional<TlsIdentity> from(
      Config config, String section, boolean mutual, Instant now) {
    try {
      if (!config.getBoolean(section + ".enabled")) {
        return Optional.empty();
      }
      Reading reading = new Reading(config, section, now);
      List<X509Certificate> chain = reading.certificates("certificate");
      PrivateKey key = reading.privateKey();
      List<X509Certificate> trusted = mutual ? reading.certificates("trusted") : List.of();
      if (reading.mistakes.isEmpty()) {
        reading.checkPair(chain.get(0), key);
        if (mutual) {
          reading.checkTrusted(chain, trusted);
        }
      }
      if (!reading.mistakes.isEmpty()) {
        throw new ConfigProblem(reading.mistakes);
      }
      return Optional.of(
          new TlsIdentity(section, reading.file("certificate"), chain, key, trusted));
    } catch (ConfigException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }

  /** The file of the certificate. */
  public Path certificate() {
    return certificate;
  }

  /** A sentence if the certificate expires within 30 days. */
  public Optional<String> expiresSoon(Instant now) {
    Instant end = chain.get(0).getNotAfter().toInstant();
    return end.isBefore(now.plus(SOON))
        ? Optional.of(
            section
                + ".certificate = '"
                + certificate
                + "' expires at "
                + end
                + ": renew it and start the node again before that")
        : Optional.empty();
  }

  /** What connections are made with. */
  public SSLContext context() {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setKeyEntry("identity", key, INSIDE, chain.toArray(Certificate[]::new));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, INSIDE);
      TrustManager[] trust = trusted.isEmpty() ? null : TrustedCa.managers(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust, null);
      return context;
    } catch (GeneralSecurityException | IOException impossible) {
      // everything in it has been read and checked
      throw new IllegalStateException(section + ": " + impossible.getMessage(), impossible);
    }
  }

  /** Reads the files of a section and collects what is wrong with them. */
  private static final class Reading {
    private final Config config;
    private final String section;
    private final Instant now;
    private final List<String> mistakes = new ArrayList<>();

    Reading(Config config, String section, Instant now) {
      this.config = config;
      this.section = section;
      this.now = now;
    }

    Path file(String key) {
      return Path.of(config.getString(section + "." + key).strip());
    }

    private void mistake(String key, String what) {
      mistakes.add(section + "." + key + " = '" + file(key) + "' " + what);
    }

    private boolean given(String key) {
      if (config.getString(section + "." + key).isBlank()) {
        mistakes.add(
            section
                + "."
                + key
                + " is empty: with "
                + section
                + ".enabled = true it must name a PEM file");
        return false;
      }
      return true;
    }

    List<X509Certificate> certificates(String key) {
      if (!given(key)) {
        return List.of();
      }
      try {
        List<X509Certificate> found = PemFile.read(file(key)).certificates();
        for (X509Certificate one : found) {
          checkValid(key, one);
        }
        return found;
      } catch (PemFile.Unusable wrong) {
        mistake(key, wrong.getMessage());
        return List.of();
      }
    }

    private void checkValid(String key, X509Certificate certificate) {
      Instant from = certificate.getNotBefore().toInstant();
      Instant until = certificate.getNotAfter().toInstant();
      String name = "the certificate of " + certificate.getSubjectX500Principal();
      if (now.isAfter(until)) {
        mistake(key, "is no longer valid: " + name + " expired at " + until + "; renew it");
      } else if (now.isBefore(from)) {
        mistake(key, "is not valid yet: " + name + " is from " + from + "; is the clock right?");
      }
    }

    PrivateKey privateKey() {
      if (!given("private-key")) {
        return null;
      }
      try {
        return PemFile.read(file("private-key")).privateKey();
      } catch (PemFile.Unusable wrong) {
        mistake("private-key", wrong.getMessage());
        return null;
      }
    }

    void checkPair(X509Certificate certificate, PrivateKey key) {
      String algorithm =
          switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "EdDSA";
          };
      byte[] sample = section.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      boolean matches;
      try {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(sample);
        byte[] signed = signature.sign();
        signature.initVerify(certificate);
        signature.update(sample);
        matches = signature.verify(signed);
      } catch (GeneralSecurityException otherKind) {
        matches = false;
      }
      if (!matches) {
        mistake(
            "private-key",
            "does not belong to the certificate "
                + section
                + ".certificate = '"
                + file("certificate")
                + "'");
      }
    }

    void checkTrusted(List<X509Certificate> chain, List<X509Certificate> trusted) {
      TrustedCa.problem(chain, trusted, now)
          .ifPresent(
              why ->
                  mistake(
                      "certificate",
                      "is not signed by the CA of "
                          + section
                          + ".trusted = '"
                          + file("trusted")
                          + "' ("
                          + why
                          + "): the other nodes would not accept it"));
    }
  }
}

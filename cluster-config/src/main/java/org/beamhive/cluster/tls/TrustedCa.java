package org.beamhive.cluster.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Trust in the certificates of a PEM file: those themselves, and all that they have signed. */
public final class TrustedCa {
  private TrustedCa() {}

  /**
   * What a client connects with that trusts this file only.
   *
   * @param file PEM, one certificate or more
   * @throws IllegalArgumentException naming the file and what is wrong with it
   */
  public static SSLContext clientContext(Path file) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers(PemFile.read(file).certificates()), null);
      return context;
    } catch (PemFile.Unusable wrong) {
      throw new IllegalArgumentException("'" + file + "' " + wrong.getMessage(), wrong);
    } catch (GeneralSecurityException | IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static TrustManager[] managers(List<X509Certificate> trusted)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    int count = 0;
    for (X509Certificate one : trusted) {
      store.setCertificateEntry("trusted-" + count++, one);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /** Why a chain is not accepted by who trusts these. */
  static Optional<String> problem(
      List<X509Certificate> chain, List<X509Certificate> trusted, Instant now) {
    if (trusted.contains(chain.get(0))) {
      return Optional.empty();
    }
    try {
      PKIXParameters parameters =
          new PKIXParameters(
              trusted.stream().map(one -> new TrustAnchor(one, null)).collect(Collectors.toSet()));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      List<X509Certificate> below = chain.stream().filter(one -> !trusted.contains(one)).toList();
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(below), parameters);
      return Optional.empty();
    } catch (CertPathValidatorException refused) {
      return Optional.of(refused.getMessage());
    } catch (GeneralSecurityException wrong) {
      return Optional.of(wrong.getMessage());
    }
  }
}

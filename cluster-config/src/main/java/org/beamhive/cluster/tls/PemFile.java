package org.beamhive.cluster.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The blocks of a PEM file, by their titles; what stands between them is a comment. */
final class PemFile {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519", "Ed448");

  private final Path file;
  private final String text;

  private PemFile(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * Reads a file.
   *
   * @throws Unusable saying why it can't be read, as the end of a sentence that names the file
   */
  static PemFile read(Path file) throws Unusable {
    try {
      if (!Files.exists(file)) {
        throw new Unusable("does not exist");
      }
      if (Files.isDirectory(file)) {
        throw new Unusable("is a folder, not a PEM file");
      }
      return new PemFile(file, new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
    } catch (AccessDeniedException denied) {
      throw new Unusable("can't be read: permission denied");
    } catch (IOException failed) {
      throw new Unusable("can't be read: " + failed.getMessage());
    }
  }

  /** The certificates in their order; at least one. */
  List<X509Certificate> certificates() throws Unusable {
    List<X509Certificate> found = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    try {
      CertificateFactory x509 = CertificateFactory.getInstance("X.509");
      while (block.find()) {
        if (block.group(1).endsWith("CERTIFICATE")) {
          found.add(
              (X509Certificate)
                  x509.generateCertificate(new ByteArrayInputStream(bytes(block.group(2)))));
        }
      }
    } catch (CertificateException broken) {
      throw new Unusable("holds a certificate that can't be read: " + broken.getMessage());
    }
    if (found.isEmpty()) {
      throw new Unusable("holds no certificate (-----BEGIN CERTIFICATE-----); it must be PEM");
    }
    return found;
  }

  /** The private key; PKCS#8 and not encrypted, since nobody is there to type a password. */
  PrivateKey privateKey() throws Unusable {
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      String title = block.group(1);
      if (title.equals("PRIVATE KEY")) {
        return key(bytes(block.group(2)));
      }
      if (title.endsWith("PRIVATE KEY")) {
        throw new Unusable(
            "holds "
                + (title.startsWith("ENCRYPTED") ? "an encrypted key" : "a key of another format")
                + " ("
                + title
                + "); convert it with: openssl pkcs8 -topk8 -nocrypt -in "
                + file.getFileName()
                + " -out new.key");
      }
    }
    throw new Unusable("holds no private key (-----BEGIN PRIVATE KEY-----)");
  }

  private static PrivateKey key(byte[] pkcs8) throws Unusable {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (InvalidKeySpecException another) {
        continue;
      } catch (GeneralSecurityException missing) {
        throw new Unusable("holds a key that can't be read: " + missing.getMessage());
      }
    }
    throw new Unusable(
        "holds a key that can't be read; allowed are keys of " + String.join(", ", ALGORITHMS));
  }

  private static byte[] bytes(String base64) throws Unusable {
    try {
      return Base64.getMimeDecoder().decode(base64.strip());
    } catch (IllegalArgumentException broken) {
      throw new Unusable("is damaged: " + broken.getMessage());
    }
  }

  /** A file can't be used; the message is the end of a sentence that begins with the file. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String why) {
      super(why);
    }
  }
}

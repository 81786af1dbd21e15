package org.beamhive.launcher.join;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Finds out why another node does not answer, by connecting to it as remoting does. It waits for
 * the network: run it on a dispatcher for that.
 */
final class ConnectionProbe {
  private static final int TIMEOUT_MILLIS = 2000;
  // TLS 1.2, as remoting: there a refused certificate is part of the handshake
  private static final String[] PROTOCOLS = {NodeTls.PROTOCOL};

  private final Optional<SSLContext> tls;

  /** Probes as a node with this TLS, or as one without. */
  ConnectionProbe(Optional<SSLContext> tls) {
    this.tls = tls;
  }

  /**
   * Tries a connection.
   *
   * @param address {@code host:port}
   * @return why there is none, in words; empty if there is one
   */
  Optional<String> trouble(String address) {
    String host = address.substring(0, address.lastIndexOf(':'));
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    InetSocketAddress to = new InetSocketAddress(host, port);
    if (to.isUnresolved()) {
      return Optional.of("there is no host of this name");
    }
    try (Socket socket = new Socket()) {
      socket.connect(to, TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      return tls.isPresent() ? handshake(tls.get(), socket, host, port) : plain(socket, host, port);
    } catch (SocketTimeoutException slow) {
      return Optional.of("no connection within " + TIMEOUT_MILLIS / 1000 + " s");
    } catch (NoRouteToHostException none) {
      return Optional.of("no route to this host");
    } catch (ConnectException refused) {
      return Optional.of("connection refused: no node is running there");
    } catch (UnknownHostException unknown) {
      return Optional.of("there is no host of this name");
    } catch (IOException failed) {
      return Optional.of("no connection: " + failed.getMessage());
    }
  }

  /** Whether the other speaks TLS, which this node does not. */
  private static Optional<String> plain(Socket socket, String host, int port) {
    try {
      SSLContext anybody = SSLContext.getInstance("TLS");
      Heard heard = new Heard();
      anybody.init(null, new TrustManager[] {heard}, null);
      try {
        shake(anybody, socket, host, port);
      } catch (IOException refused) {
        // it is asked for a certificate only; whether it showed one is what counts
      }
      return heard.certificate
          ? Optional.of(
              "it speaks TLS and this node does not: set beamhive.tls.enabled, and certificate,"
                  + " private-key and trusted of this node")
          : Optional.empty();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Optional<String> handshake(
      SSLContext context, Socket socket, String host, int port) {
    try {
      shake(context, socket, host, port);
      return Optional.empty();
    } catch (SSLHandshakeException refused) {
      return Optional.of(
          hasCause(refused, CertificateException.class)
              ? "its certificate is not signed by a CA of this node's beamhive.tls.trusted ("
                  + refused.getMessage()
                  + ")"
              : "it does not accept this node's certificate (TLS handshake: "
                  + refused.getMessage()
                  + "): beamhive.tls.certificate must be signed by the CA that it trusts");
    } catch (SSLException | SocketTimeoutException plain) {
      return Optional.of(
          "it does not speak TLS and this node does ("
              + plain.getMessage()
              + "): set beamhive.tls.enabled alike on all nodes");
    } catch (IOException broken) {
      return Optional.of(
          "it closed the connection during the TLS handshake ("
              + broken.getMessage()
              + "): either it does not speak TLS (set beamhive.tls.enabled alike on all nodes), or"
              + " it does not accept this node's certificate");
    }
  }

  private static void shake(SSLContext context, Socket socket, String host, int port)
      throws IOException {
    try (SSLSocket secure =
        (SSLSocket) context.getSocketFactory().createSocket(socket, host, port, true)) {
      secure.setEnabledProtocols(PROTOCOLS);
      secure.startHandshake();
    }
  }

  private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  /** Accepts every certificate and remembers that there was one; nothing is ever sent over it. */
  private static final class Heard implements X509TrustManager {
    private boolean certificate;

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      certificate = true;
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}

package org.beamhive.launcher.join;

import akka.remote.artery.tcp.SSLEngineProvider;
import akka.remote.artery.tcp.SSLEngineProviderSetup;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import scala.Option;

/**
 * TLS between nodes, for Akka's remoting: both sides show a certificate, and both must be signed by
 * the beamline's CA. Host names are not compared: who has a certificate of that CA is a node.
 */
public final class NodeTls implements SSLEngineProvider {
  /** As Akka's own providers: with 1.2 a refused certificate is seen in the handshake. */
  static final String PROTOCOL = "TLSv1.2";

  // forward secrecy and authenticated encryption only
  private static final String[] CIPHERS = {
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  };

  private final SSLContext context;

  private NodeTls(SSLContext context) {
    this.context = context;
  }

  /** How an actor system is told; its {@code akka.remote.artery.transport} is {@code tls-tcp}. */
  public static SSLEngineProviderSetup setup(SSLContext context) {
    return SSLEngineProviderSetup.create(system -> new NodeTls(context));
  }

  @Override
  public SSLEngine createServerSSLEngine(String host, int port) {
    SSLEngine engine = engine(host, port);
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  @Override
  public SSLEngine createClientSSLEngine(String host, int port) {
    SSLEngine engine = engine(host, port);
    engine.setUseClientMode(true);
    return engine;
  }

  private SSLEngine engine(String host, int port) {
    SSLEngine engine = context.createSSLEngine(host, port);
    engine.setEnabledProtocols(new String[] {PROTOCOL});
    engine.setEnabledCipherSuites(CIPHERS);
    return engine;
  }

  @Override
  public Option<Throwable> verifyClientSession(String host, SSLSession session) {
    return Option.empty();
  }

  @Override
  public Option<Throwable> verifyServerSession(String host, SSLSession session) {
    return Option.empty();
  }
}

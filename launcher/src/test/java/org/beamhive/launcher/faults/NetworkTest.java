package org.beamhive.launcher.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NetworkTest {
  private static final int SECONDS = 20;

  private final Network network = new Network();
  private ServerSocket server;
  private int way;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    server.setSoTimeout(SECONDS * 1000);
    way = network.wayTo("server", server.getLocalPort());
  }

  @AfterEach
  void end() throws IOException {
    network.close();
    server.close();
  }

  @Test
  void aCutHoldsUpOnlyThoseThatItIsBetween() throws IOException {
    try (Line one = new Line("one");
        Line other = new Line("other")) {
      assertThat(one.carries(1)).isTrue();
      network.cut(Set.of("one"), Set.of("server"));
      one.send(2);
      // what was sent later has come, so what was sent before would have
      assertThat(other.carries(3)).isTrue();
      assertThat(one.hasArrived()).isFalse();
      network.mend();
      assertThat(one.receive()).isEqualTo(2);
    }
  }

  @Test
  void whoConnectsDuringACutIsHeldUpUntilItIsMended() throws IOException {
    try (Line other = new Line("other")) {
      network.cut(Set.of("one"), Set.of("server"));
      try (Socket late = connect("one")) {
        late.getOutputStream().write(4);
        assertThat(other.carries(5)).isTrue();
        network.mend();
        try (Socket accepted = accept()) {
          assertThat(accepted.getInputStream().read()).isEqualTo(4);
        }
      }
    }
  }

  private Socket connect(String name) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(network.addressOf(name), 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), way));
    return socket;
  }

  private Socket accept() throws IOException {
    Socket accepted = server.accept();
    accepted.setSoTimeout(SECONDS * 1000);
    return accepted;
  }

  private final class Line implements AutoCloseable {
    private final Socket near;
    private final Socket far;

    Line(String name) throws IOException {
      near = connect(name);
      far = accept();
    }

    void send(int value) throws IOException {
      near.getOutputStream().write(value);
    }

    int receive() throws IOException {
      return far.getInputStream().read();
    }

    boolean hasArrived() throws IOException {
      return far.getInputStream().available() > 0;
    }

    boolean carries(int value) throws IOException {
      send(value);
      return receive() == value;
    }

    @Override
    public void close() throws IOException {
      near.close();
      far.close();
    }
  }
}

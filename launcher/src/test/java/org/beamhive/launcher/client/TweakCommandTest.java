package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.jline.utils.NonBlocking;
import org.jline.utils.NonBlockingReader;
import org.junit.jupiter.api.Test;

class TweakCommandTest {
  @Test
  void knowsTheArrowKeysOfBothKindsOfTerminals() throws Exception {
    try (NonBlockingReader keys =
        NonBlocking.nonBlocking(
            "keys", new StringReader("\u001b[A\u001b[B\u001bOC\u001b[D5\r q"))) {
      List<String> seen = new ArrayList<>();
      String key = TweakCommand.key(keys);
      while (!key.isEmpty()) {
        seen.add(key);
        key = TweakCommand.key(keys);
      }
      assertThat(seen).containsExactly("up", "down", "right", "left", "5", "\r", " ", "q");
    }
  }
}

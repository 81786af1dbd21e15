package org.beamhive.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/reference/messages.md names every message, and none that is gone. */
class MessagesPageTest {
  private static final Path PAGE = Path.of("../docs/reference/messages.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|");

  @Test
  void everyMessageHasItsLine() throws IOException {
    Map<String, Map<String, String>> page = answersByHolder();
    for (Class<?> holder : WireTypes.holders()) {
      assertThat(page).as(PAGE.toString()).containsKey(holder.getSimpleName());
    }
    for (Class<?> request : WireTypes.requests()) {
      assertThat(page.get(request.getEnclosingClass().getSimpleName()).keySet())
          .as(request.getName())
          .containsExactlyInAnyOrderElementsOf(
              Arrays.stream(request.getPermittedSubclasses()).map(Class::getSimpleName).toList());
    }
    assertThat(page).hasSameSizeAs(WireTypes.holders());
  }

  @Test
  void theAnswerIsTheOneOfReplyTo() throws IOException {
    Map<String, Map<String, String>> page = answersByHolder();
    for (Class<?> request : WireTypes.requests()) {
      for (Class<?> message : request.getPermittedSubclasses()) {
        RecordComponent[] components =
            message.isRecord() ? message.getRecordComponents() : new RecordComponent[0];
        for (RecordComponent component : components) {
          if (component.getName().equals("replyTo")) {
            assertThat(
                    page.get(request.getEnclosingClass().getSimpleName())
                        .get(message.getSimpleName()))
                .as(message.getName())
                .containsPattern("`" + answer(component) + "`|to the bundler");
          }
        }
      }
    }
  }

  private static String answer(RecordComponent replyTo) {
    List<String> words = List.of(replyTo.getGenericType().getTypeName().split("[<>.$]"));
    return words.get(words.size() - 1);
  }

  private static Map<String, Map<String, String>> answersByHolder() throws IOException {
    Map<String, Map<String, String>> page = new LinkedHashMap<>();
    Map<String, String> rows = new TreeMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("## ")) {
        rows = new TreeMap<>();
        page.put(line.substring(3).strip(), rows);
      }
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.put(row.group(1), row.group(3));
      }
    }
    return page;
  }
}

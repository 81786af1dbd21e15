package org.beamhive.persistence.redis;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * All that is logged while it is open, with the texts of all causes, and instead of on the console.
 */
final class LogForTest extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private static final Map<String, Level> LEVELS =
      Map.of("org.beamhive", Level.DEBUG, "io.lettuce", Level.INFO, "akka", Level.INFO);

  private final Queue<String> lines = new ConcurrentLinkedQueue<>();

  private LogForTest() {}

  static LogForTest open() {
    LogForTest log = new LogForTest();
    log.start();
    LEVELS.forEach(
        (name, level) -> {
          Logger logger = logger(name);
          logger.setLevel(level);
          logger.setAdditive(false);
          logger.addAppender(log);
        });
    return log;
  }

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }

  @Override
  protected void append(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(event.getLevel() + " " + event.getFormattedMessage());
    for (IThrowableProxy cause = event.getThrowableProxy();
        cause != null;
        cause = cause.getCause()) {
      line.append("\n  ").append(cause.getClassName()).append(": ").append(cause.getMessage());
      for (IThrowableProxy beside : cause.getSuppressed()) {
        line.append("\n  beside ").append(beside.getMessage());
      }
    }
    lines.add(line.toString());
  }

  /** Waits until there is something with all of these texts. */
  void await(String... texts) {
    Eventually.is(() -> count(texts) > 0, () -> "the log has " + List.of(texts) + "\n" + text());
  }

  /** How many entries have all of these texts. */
  long count(String... texts) {
    return lines.stream().filter(line -> List.of(texts).stream().allMatch(line::contains)).count();
  }

  String text() {
    return lines.stream().collect(Collectors.joining("\n"));
  }

  @Override
  public void close() {
    LEVELS
        .keySet()
        .forEach(
            name -> {
              Logger logger = logger(name);
              logger.detachAppender(this);
              logger.setLevel(null);
              logger.setAdditive(true);
            });
  }
}

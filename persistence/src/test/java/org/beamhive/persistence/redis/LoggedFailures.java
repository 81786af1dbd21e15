package org.beamhive.persistence.redis;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** Collects, instead of printing, the failures that Akka reports of one kind of actor. */
final class LoggedFailures implements AutoCloseable {

  private final Logger logger;
  private final Appender appender = new Appender();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  private final class Appender extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
        failures.add(proxy.getThrowable());
      }
    }
  }

  LoggedFailures(String loggerName) {
    logger = (Logger) LoggerFactory.getLogger(loggerName);
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.setAdditive(false);
    logger.addAppender(appender);
  }

  /** Each with its causes. */
  List<String> texts() {
    return failures.stream()
        .map(
            failure -> {
              StringBuilder text = new StringBuilder();
              for (Throwable t = failure; t != null; t = t.getCause()) {
                text.append(t).append('\n');
              }
              return text.toString();
            })
        .toList();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setAdditive(true);
  }
}

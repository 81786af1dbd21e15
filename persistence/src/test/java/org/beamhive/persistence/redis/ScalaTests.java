package org.beamhive.persistence.redis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.scalatest.Args;
import org.scalatest.Reporter;
import org.scalatest.Suite;
import org.scalatest.events.Event;
import org.scalatest.events.SuiteAborted;
import org.scalatest.events.TestCanceled;
import org.scalatest.events.TestFailed;
import org.scalatest.events.TestSucceeded;
import scala.Option;

/**
 * Runs a suite of ScalaTest, as Akka's compatibility kit is one, and gives its results to JUnit.
 */
final class ScalaTests {

  private ScalaTests() {}

  static Stream<DynamicTest> run(Suite suite) {
    List<Event> events = Collections.synchronizedList(new ArrayList<>());
    Reporter reporter = events::add;
    suite
        .run(
            Option.empty(),
            Args.apply(
                reporter,
                Args.apply$default$2(),
                Args.apply$default$3(),
                Args.apply$default$4(),
                Args.apply$default$5(),
                Args.apply$default$6(),
                Args.apply$default$7(),
                Args.apply$default$8(),
                Args.apply$default$9(),
                Args.apply$default$10()))
        .waitUntilCompleted();
    return events.stream().flatMap(event -> result(event).stream());
  }

  private static List<DynamicTest> result(Event event) {
    if (event instanceof TestSucceeded test) {
      return List.of(DynamicTest.dynamicTest(test.testName(), () -> {}));
    }
    if (event instanceof TestFailed test) {
      return List.of(
          DynamicTest.dynamicTest(
              test.testName(),
              () -> {
                throw new AssertionError(test.message(), cause(test.throwable()));
              }));
    }
    if (event instanceof TestCanceled test) {
      return List.of(
          DynamicTest.dynamicTest(
              test.testName(), () -> Assumptions.abort("canceled: " + test.message())));
    }
    if (event instanceof SuiteAborted suite) {
      return List.of(
          DynamicTest.dynamicTest(
              suite.suiteName(),
              () -> {
                throw new AssertionError(suite.message(), cause(suite.throwable()));
              }));
    }
    return List.of();
  }

  private static Throwable cause(Option<Throwable> throwable) {
    return throwable.isDefined() ? throwable.get() : null;
  }
}

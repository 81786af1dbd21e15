package org.beamhive.actors.scans.instruction;

import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.beamhive.protocol.model.Value;

/**
 * The instructions of a plan, made while they are asked for: a plan of ten million points starts as
 * fast as one of ten. Each call brings the answer to the instruction before, so that a plan can
 * branch on it.
 *
 * <p>Single use and not thread safe. The same request and the same answers give the same
 * instructions, which is what a run that goes on elsewhere relies on: feed a new one with the
 * answers of old and it stands where the other one stood.
 */
@FunctionalInterface
public interface Steps {
  /**
   * The next instruction.
   *
   * @param previousAnswer the answer to the one before, {@link Value.None} at the first call
   * @return null when the plan has ended; it stays ended
   * @throws RuntimeException if the plan can't go on, its message for people
   */
  Instruction next(Value previousAnswer);

  /** No instructions. */
  static Steps empty() {
    return answer -> null;
  }

  /** These instructions, whatever they are answered with. */
  static Steps of(Instruction... instructions) {
    return of(List.of(instructions));
  }

  /** These instructions, whatever they are answered with. */
  static Steps of(List<? extends Instruction> instructions) {
    Iterator<? extends Instruction> left = instructions.iterator();
    return answer -> left.hasNext() ? left.next() : null;
  }

  /** One after the other; a part is made when the one before it has ended. */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read
  static Steps concat(Supplier<? extends Steps>... parts) {
    List<Supplier<? extends Steps>> all = List.of(parts);
    return forEach(all.iterator(), Supplier::get);
  }

  /** The steps of each item in turn; nothing is made before its turn. */
  static <T> Steps forEach(Iterator<T> items, Function<? super T, ? extends Steps> steps) {
    return new Chain(
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return items.hasNext();
          }

          @Override
          public Steps next() {
            return steps.apply(items.next());
          }
        });
  }

  /** The steps of 0, 1, 2... up to a count; nothing is made before its turn. */
  static Steps repeat(long count, LongFunction<? extends Steps> steps) {
    return new Chain(
        new Iterator<>() {
          private long done;

          @Override
          public boolean hasNext() {
            return done < count;
          }

          @Override
          public Steps next() {
            return steps.apply(done++);
          }
        });
  }

  /** One instruction, and then what its answer leads to. */
  static Steps thenAnswered(Instruction question, Function<Value, ? extends Steps> then) {
    return new Branch(question, then);
  }
}

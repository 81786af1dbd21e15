package org.beamhive.devices.ioc;

import com.ezylang.evalex.EvaluationException;
import com.ezylang.evalex.Expression;
import com.ezylang.evalex.config.ExpressionConfiguration;
import com.ezylang.evalex.data.EvaluationValue;
import com.ezylang.evalex.functions.AbstractFunction;
import com.ezylang.evalex.functions.FunctionIfc;
import com.ezylang.evalex.functions.FunctionParameter;
import com.ezylang.evalex.parser.ParseException;
import com.ezylang.evalex.parser.Token;
import java.math.MathContext;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleUnaryOperator;

/**
 * An expression of the inputs A to L, with the operators and functions of EPICS's calc record as
 * far as the library below has them: {@code + - * / % ^ ** = == # != < <= > >= && || !}, {@code c ?
 * x : y}, {@code ABS SQR SQRT EXP LOG LOGE LN SIN COS TAN ASIN ACOS ATAN SINH COSH TANH CEIL FLOOR
 * NINT MIN MAX PI D2R R2D}. Angles are in radians, LOG is to the base 10, upper and lower case are
 * the same.
 */
final class CalcExpression {
  private static final String LETTERS = "ABCDEFGHIJKL";

  private static final ExpressionConfiguration CONFIGURATION = configuration();

  private final String text;
  private final Expression expression;

  /** A function of one number. */
  @FunctionParameter(name = "x")
  private static final class Unary extends AbstractFunction {
    private final DoubleUnaryOperator function;

    Unary(DoubleUnaryOperator function) {
      this.function = function;
    }

    @Override
    public EvaluationValue evaluate(
        Expression expression, Token token, EvaluationValue... parameters)
        throws EvaluationException {
      double y = function.applyAsDouble(parameters[0].getNumberValue().doubleValue());
      if (!Double.isFinite(y)) {
        throw new EvaluationException(token, token.getValue() + " has no value here");
      }
      return expression.convertValue(y);
    }
  }

  private static Map.Entry<String, FunctionIfc> unary(String name, DoubleUnaryOperator function) {
    return Map.entry(name, new Unary(function));
  }

  private static ExpressionConfiguration configuration() {
    return ExpressionConfiguration.builder()
        .mathContext(MathContext.DECIMAL64)
        .arraysAllowed(false)
        .structuresAllowed(false)
        .build()
        .withAdditionalFunctions(
            unary("SIN", Math::sin),
            unary("COS", Math::cos),
            unary("TAN", Math::tan),
            unary("ASIN", Math::asin),
            unary("ACOS", Math::acos),
            unary("ATAN", Math::atan),
            unary("SINH", Math::sinh),
            unary("COSH", Math::cosh),
            unary("TANH", Math::tanh),
            unary("EXP", Math::exp),
            unary("LOG", Math::log10),
            unary("LOGE", Math::log),
            unary("LN", Math::log),
            unary("SQR", Math::sqrt),
            unary("SQRT", Math::sqrt),
            unary("CEIL", Math::ceil),
            unary("FLOOR", Math::floor),
            unary("NINT", Math::rint));
  }

  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException saying what is wrong with it and what is allowed
   */
  CalcExpression(String text) {
    this.text = text;
    String ours =
        ternaries(text.replace("**", "^").replace("!=", "#").replace("#", "!="))
            .toUpperCase(Locale.ROOT);
    expression =
        new Expression(ours, CONFIGURATION).with("D2R", Math.PI / 180).with("R2D", 180 / Math.PI);
    Set<String> used = new TreeSet<>();
    try {
      expression.validate();
      expression.getUsedVariables().forEach(name -> used.add(name.toUpperCase(Locale.ROOT)));
    } catch (ParseException wrong) {
      throw new IllegalArgumentException(
          "'%s' is no expression: %s".formatted(text, wrong.getMessage()), wrong);
    }
    used.removeIf(
        name ->
            (name.length() == 1 && LETTERS.contains(name)) || Set.of("D2R", "R2D").contains(name));
    if (!used.isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' names %s; allowed are the inputs A to L and the functions of a calc record"
              .formatted(text, String.join(", ", used)));
    }
  }

  /** As it was given. */
  String text() {
    return text;
  }

  /**
   * Its value.
   *
   * @param inputs A to L, in this order; one that is not finite makes the result NaN
   * @return NaN also where the expression has no value, as 1/0
   */
  synchronized double of(double[] inputs) {
    for (int at = 0; at < inputs.length; at++) {
      if (!Double.isFinite(inputs[at])) {
        return Double.NaN;
      }
      expression.with(LETTERS.substring(at, at + 1), inputs[at]);
    }
    try {
      return expression.evaluate().getNumberValue().doubleValue();
    } catch (EvaluationException | ParseException | ArithmeticException noValue) {
      return Double.NaN;
    }
  }

  /** The library knows {@code IF(c, x, y)} where EPICS writes {@code c ? x : y}. */
  private static String ternaries(String text) {
    StringBuilder flat = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '(') {
        flat.append(c);
        continue;
      }
      int end = closing(text, at);
      if (end < 0) {
        return text;
      }
      flat.append('(').append(ternaries(text.substring(at + 1, end))).append(')');
      at = end;
    }
    StringBuilder done = new StringBuilder();
    String rest = flat.toString();
    for (int comma = outside(rest, 0, ',', (char) 0);
        comma >= 0;
        comma = outside(rest, 0, ',', (char) 0)) {
      done.append(ternary(rest.substring(0, comma))).append(',');
      rest = rest.substring(comma + 1);
    }
    return done.append(ternary(rest)).toString();
  }

  private static int closing(String text, int open) {
    int depth = 0;
    for (int at = open; at < text.length(); at++) {
      depth += text.charAt(at) == '(' ? 1 : text.charAt(at) == ')' ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    return -1;
  }

  /** Of a text whose brackets are done: the first question mark outside them and its colon. */
  private static String ternary(String text) {
    int question = outside(text, 0, '?', (char) 0);
    if (question < 0) {
      return text;
    }
    int colon = outside(text, question + 1, ':', '?');
    if (colon < 0) {
      return text;
    }
    return "IF(%s,%s,%s)"
        .formatted(
            text.substring(0, question),
            ternary(text.substring(question + 1, colon)),
            ternary(text.substring(colon + 1)));
  }

  /** Where a sign is outside of brackets; each {@code opener} before it takes one with it. */
  private static int outside(String text, int from, char sign, char opener) {
    int depth = 0;
    int open = 0;
    for (int at = from; at < text.length(); at++) {
      char c = text.charAt(at);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth == 0 && opener != 0 && c == opener) {
        open++;
      } else if (depth == 0 && c == sign && open-- == 0) {
        return at;
      }
    }
    return -1;
  }
}

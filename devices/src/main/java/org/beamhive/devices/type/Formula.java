package org.beamhive.devices.type;

import com.ezylang.evalex.BaseException;
import com.ezylang.evalex.EvaluationException;
import com.ezylang.evalex.Expression;
import com.ezylang.evalex.config.ExpressionConfiguration;
import com.ezylang.evalex.config.MapBasedFunctionDictionary;
import com.ezylang.evalex.config.MapBasedOperatorDictionary;
import com.ezylang.evalex.data.EvaluationValue;
import com.ezylang.evalex.functions.AbstractFunction;
import com.ezylang.evalex.functions.FunctionParameter;
import com.ezylang.evalex.functions.basic.IfFunction;
import com.ezylang.evalex.operators.AbstractOperator;
import com.ezylang.evalex.operators.InfixOperator;
import com.ezylang.evalex.operators.PrefixOperator;
import com.ezylang.evalex.operators.booleans.InfixAndOperator;
import com.ezylang.evalex.operators.booleans.InfixEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixGreaterEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixGreaterOperator;
import com.ezylang.evalex.operators.booleans.InfixLessEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixLessOperator;
import com.ezylang.evalex.operators.booleans.InfixNotEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixOrOperator;
import com.ezylang.evalex.operators.booleans.PrefixNotOperator;
import com.ezylang.evalex.parser.ParseException;
import com.ezylang.evalex.parser.Token;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.beamhive.devices.signal.DeviceFailure;

/**
 * A formula of the device file: numbers, names, {@code + - * / % ^ **}, comparisons, {@code && ||
 * !}, {@code if(condition, a, b)} and the functions of {@link #FUNCTIONS}, angles in radians.
 *
 * <p>Of the library only the parser and the tree are used. All arithmetic is that of doubles, so
 * that each step takes the same short time whatever the numbers are, and no function reaches
 * outside. A result that is not finite is a failure, never a setpoint.
 */
final class Formula {
  private static final int LONGEST = 1000;
  private static final int DEEPEST = 100;

  private static final Map<String, DoubleUnaryOperator> UNARY =
      Map.ofEntries(
          Map.entry("sin", Math::sin),
          Map.entry("cos", Math::cos),
          Map.entry("tan", Math::tan),
          Map.entry("asin", Math::asin),
          Map.entry("acos", Math::acos),
          Map.entry("atan", Math::atan),
          Map.entry("sinh", Math::sinh),
          Map.entry("cosh", Math::cosh),
          Map.entry("tanh", Math::tanh),
          Map.entry("rad", Math::toRadians),
          Map.entry("deg", Math::toDegrees),
          Map.entry("sqrt", Math::sqrt),
          Map.entry("cbrt", Math::cbrt),
          Map.entry("exp", Math::exp),
          Map.entry("log", Math::log),
          Map.entry("log10", Math::log10),
          Map.entry("abs", Math::abs),
          Map.entry("sign", Math::signum),
          Map.entry("floor", Math::floor),
          Map.entry("ceil", Math::ceil),
          Map.entry("round", Math::rint));

  private static final Map<String, DoubleBinaryOperator> BINARY =
      Map.of("atan2", Math::atan2, "pow", Math::pow, "hypot", Math::hypot);

  private static final Map<String, DoubleBinaryOperator> FOLDING =
      Map.of("min", Math::min, "max", Math::max, "sum", Double::sum);

  /** The functions that there are. */
  static final Set<String> FUNCTIONS = functionNames();

  private static final ExpressionConfiguration LANGUAGE = language();

  private final String text;
  private final Expression parsed;
  private final Set<String> names;

  private Formula(String text, Expression parsed, Set<String> names) {
    this.text = text;
    this.parsed = parsed;
    this.names = names;
  }

  /**
   * Reads a formula.
   *
   * @throws IllegalArgumentException with what is wrong: "sqrt(: ..., at character 3"
   */
  static Formula of(String text) {
    if (text.isBlank() || text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "a formula of 1 to %d characters is needed".formatted(LONGEST));
    }
    Expression parsed = new Expression(text, LANGUAGE);
    try {
      parsed.validate();
      Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
      names.addAll(parsed.getUsedVariables());
      names.removeAll(Set.of("pi", "e", "true", "false"));
      return new Formula(text, parsed, names);
    } catch (ParseException | RuntimeException e) {
      int at = e instanceof BaseException known ? known.getStartPosition() : 1;
      throw new IllegalArgumentException(
          "%s, at character %d of '%s'".formatted(e.getMessage(), at, text), e);
    }
  }

  /** Null if it is one, else what is wrong with it. */
  static String problem(String text, Set<String> known) {
    try {
      for (String name : of(text).names()) {
        if (!known.contains(name)) {
          return "'%s' has no value in '%s'; there are %s"
              .formatted(name, text, String.join(", ", new TreeSet<>(known)));
        }
      }
      return null;
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  /** The names that need a value. */
  Set<String> names() {
    return names;
  }

  /**
   * What it gives; a comparison gives 1 or 0. May be called from any thread.
   *
   * @throws DeviceFailure {@code no-value} if that is no finite number
   */
  double value(Map<String, Double> values) {
    try {
      Expression fresh = parsed.copy();
      for (String name : names) {
        Double value = values.get(name);
        if (value == null || !Double.isFinite(value)) {
          throw new DeviceFailure(
              "no-value", "'%s' has no value: %s is %s.".formatted(text, name, value));
        }
        fresh.with(name, value);
      }
      EvaluationValue result = fresh.evaluate();
      double value =
          result.isBooleanValue()
              ? (result.getBooleanValue() ? 1 : 0)
              : result.isNumberValue() ? result.getNumberValue().doubleValue() : Double.NaN;
      if (!Double.isFinite(value)) {
        throw new DeviceFailure("no-value", "'%s' gives no finite number.".formatted(text));
      }
      return value;
    } catch (EvaluationException | ParseException | ArithmeticException e) {
      throw new DeviceFailure(
          "no-value", "'%s' has no value with %s: %s.".formatted(text, values, e.getMessage()));
    }
  }

  @Override
  public String toString() {
    return text;
  }

  // ---------------------------------------------------------------- the language

  private static Set<String> functionNames() {
    Set<String> names = new TreeSet<>(UNARY.keySet());
    names.addAll(BINARY.keySet());
    names.addAll(FOLDING.keySet());
    names.add("if");
    return names;
  }

  private static ExpressionConfiguration language() {
    MapBasedFunctionDictionary functions = new MapBasedFunctionDictionary();
    UNARY.forEach((name, function) -> functions.addFunction(name, new Unary(function)));
    BINARY.forEach((name, function) -> functions.addFunction(name, new Binary(function)));
    FOLDING.forEach((name, function) -> functions.addFunction(name, new Folding(function)));
    functions.addFunction("if", new IfFunction());
    MapBasedOperatorDictionary operators = new MapBasedOperatorDictionary();
    operators.addOperator("+", new Plus());
    operators.addOperator("-", new Minus());
    operators.addOperator("*", new Times());
    operators.addOperator("/", new Through());
    operators.addOperator("%", new Modulo());
    operators.addOperator("^", new Power());
    operators.addOperator("**", new Power());
    operators.addOperator("+", new Same());
    operators.addOperator("-", new Negative());
    operators.addOperator("=", new InfixEqualsOperator());
    operators.addOperator("==", new InfixEqualsOperator());
    operators.addOperator("!=", new InfixNotEqualsOperator());
    operators.addOperator("<", new InfixLessOperator());
    operators.addOperator("<=", new InfixLessEqualsOperator());
    operators.addOperator(">", new InfixGreaterOperator());
    operators.addOperator(">=", new InfixGreaterEqualsOperator());
    operators.addOperator("&&", new InfixAndOperator());
    operators.addOperator("||", new InfixOrOperator());
    operators.addOperator("!", new PrefixNotOperator());
    return ExpressionConfiguration.builder()
        .functionDictionary(functions)
        .operatorDictionary(operators)
        .mathContext(MathContext.DECIMAL64)
        .defaultConstants(
            Map.of(
                "pi",
                EvaluationValue.numberValue(BigDecimal.valueOf(Math.PI)),
                "e",
                EvaluationValue.numberValue(BigDecimal.valueOf(Math.E)),
                "true",
                EvaluationValue.TRUE,
                "false",
                EvaluationValue.FALSE))
        .arraysAllowed(false)
        .structuresAllowed(false)
        .binaryAllowed(false)
        .singleQuoteStringLiteralsAllowed(false)
        .implicitMultiplicationAllowed(false)
        .maxRecursionDepth(DEEPEST)
        .build();
  }

  private static double number(Token at, EvaluationValue value) throws EvaluationException {
    if (!value.isNumberValue()) {
      throw new EvaluationException(at, "a number is needed, not " + value.getStringValue());
    }
    return value.getNumberValue().doubleValue();
  }

  private static EvaluationValue result(Token at, double value) throws EvaluationException {
    if (!Double.isFinite(value)) {
      throw new EvaluationException(at, at.getValue() + " gives no finite number");
    }
    return EvaluationValue.numberValue(BigDecimal.valueOf(value));
  }

  @FunctionParameter(name = "x")
  private static final class Unary extends AbstractFunction {
    private final DoubleUnaryOperator function;

    Unary(DoubleUnaryOperator function) {
      this.function = function;
    }

    @Override
    public EvaluationValue evaluate(Expression in, Token at, EvaluationValue... given)
        throws EvaluationException {
      return result(at, function.applyAsDouble(number(at, given[0])));
    }
  }

  @FunctionParameter(name = "x")
  @FunctionParameter(name = "y")
  private static final class Binary extends AbstractFunction {
    private final DoubleBinaryOperator function;

    Binary(DoubleBinaryOperator function) {
      this.function = function;
    }

    @Override
    public EvaluationValue evaluate(Expression in, Token at, EvaluationValue... given)
        throws EvaluationException {
      return result(at, function.applyAsDouble(number(at, given[0]), number(at, given[1])));
    }
  }

  @FunctionParameter(name = "first")
  @FunctionParameter(name = "more", isVarArg = true)
  private static final class Folding extends AbstractFunction {
    private final DoubleBinaryOperator function;

    Folding(DoubleBinaryOperator function) {
      this.function = function;
    }

    @Override
    public EvaluationValue evaluate(Expression in, Token at, EvaluationValue... given)
        throws EvaluationException {
      double folded = number(at, given[0]);
      for (int next = 1; next < given.length; next++) {
        folded = function.applyAsDouble(folded, number(at, given[next]));
      }
      return result(at, folded);
    }
  }

  /** An operator on doubles. */
  private abstract static class Arithmetic extends AbstractOperator {
    private final DoubleBinaryOperator function;

    Arithmetic(DoubleBinaryOperator function) {
      this.function = function;
    }

    @Override
    public EvaluationValue evaluate(Expression in, Token at, EvaluationValue... given)
        throws EvaluationException {
      double right = given.length > 1 ? number(at, given[1]) : 0;
      return result(at, function.applyAsDouble(number(at, given[0]), right));
    }
  }

  @InfixOperator(precedence = ADDITIVE)
  private static final class Plus extends Arithmetic {
    Plus() {
      super(Double::sum);
    }
  }

  @InfixOperator(precedence = ADDITIVE)
  private static final class Minus extends Arithmetic {
    Minus() {
      super((a, b) -> a - b);
    }
  }

  @InfixOperator(precedence = MULTIPLICATIVE)
  private static final class Times extends Arithmetic {
    Times() {
      super((a, b) -> a * b);
    }
  }

  @InfixOperator(precedence = MULTIPLICATIVE)
  private static final class Through extends Arithmetic {
    Through() {
      super((a, b) -> a / b);
    }
  }

  @InfixOperator(precedence = MULTIPLICATIVE)
  private static final class Modulo extends Arithmetic {
    Modulo() {
      super((a, b) -> a % b);
    }
  }

  /** Binds more tightly than a sign before it: -2 ** 2 is -4, as in Python. */
  @InfixOperator(precedence = POWER, leftAssociative = false)
  private static final class Power extends Arithmetic {
    Power() {
      super(Math::pow);
    }
  }

  @PrefixOperator(precedence = SIGN, leftAssociative = false)
  private static final class Same extends Arithmetic {
    Same() {
      super((a, none) -> a);
    }
  }

  @PrefixOperator(precedence = SIGN, leftAssociative = false)
  private static final class Negative extends Arithmetic {
    Negative() {
      super((a, none) -> -a);
    }
  }

  private static final int ADDITIVE = 20;
  private static final int MULTIPLICATIVE = 30;
  private static final int SIGN = 60;
  private static final int POWER = 80;
}

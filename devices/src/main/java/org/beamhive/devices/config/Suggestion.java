package org.beamhive.devices.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Guesses what somebody meant to write. */
public final class Suggestion {
  private Suggestion() {}

  /** The end of a message: {@code ; did you mean 'this'?}, or nothing if no word is close. */
  public static String of(String given, Collection<String> words) {
    // of a letter nothing may be left of what was written
    int enough = Math.min(given.length() - 1, Math.max(1, given.length() / 3));
    String low = given.toLowerCase(Locale.ROOT);
    return words.stream()
        .filter(word -> distance(low, word.toLowerCase(Locale.ROOT)) <= enough)
        .min(Comparator.comparingInt((String word) -> distance(low, word.toLowerCase(Locale.ROOT))))
        .map(word -> "; did you mean '" + word + "'?")
        .orElse("");
  }

  /** How many letters must be changed, added, left out or swapped with the next. */
  static int distance(String one, String other) {
    int[][] steps = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        steps[i][j] = i == 0 ? j : j == 0 ? i : step(steps, one, other, i, j);
      }
    }
    return steps[one.length()][other.length()];
  }

  private static int step(int[][] steps, String one, String other, int i, int j) {
    int change = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
    int least =
        Math.min(steps[i - 1][j - 1] + change, 1 + Math.min(steps[i - 1][j], steps[i][j - 1]));
    boolean swapped =
        i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1);
    return swapped ? Math.min(least, steps[i - 2][j - 2] + 1) : least;
  }
}

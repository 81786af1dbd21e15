package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Turns answers into what people read. */
final class Show {
  private static final int WIDTH = 60;
  private static final int DIGITS = 6;
  private static final DateTimeFormatter DATE_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  private Show() {}

  /** A table; a header that begins with ">" means a column of numbers. */
  static String table(List<String> headers, List<List<String>> rows) {
    Column[] columns = new Column[headers.size()];
    for (int i = 0; i < columns.length; i++) {
      boolean numbers = headers.get(i).startsWith(">");
      columns[i] =
          new Column()
              .header(numbers ? headers.get(i).substring(1) : headers.get(i))
              .headerAlign(HorizontalAlign.LEFT)
              .dataAlign(numbers ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT)
              .maxWidth(WIDTH);
    }
    Object[][] cells = new Object[rows.size()][];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = rows.get(i).toArray();
    }
    return AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, columns, cells);
  }

  /** What an item asks for, as one would type it. */
  static String call(JsonNode item) {
    List<String> words = new ArrayList<>();
    words.add(item.path("name").asText());
    item.path("args").forEach(arg -> words.add(value(arg)));
    item.path("kwargs")
        .properties()
        .forEach(field -> words.add(field.getKey() + "=" + value(field.getValue())));
    return String.join(" ", words);
  }

  static String devices(int count) {
    return count + (count == 1 ? " device" : " devices");
  }

  static String value(JsonNode value) {
    if (value.isArray()) {
      List<String> parts = new ArrayList<>();
      value.forEach(part -> parts.add(part.isArray() ? "[" + value(part) + "]" : value(part)));
      return String.join(",", parts);
    }
    return value.isValueNode() ? value.asText() : value.toString();
  }

  /** A number with so many decimals, or if null with six digits. */
  static String number(double number, Integer precision) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (precision != null && precision >= 0 && Double.isFinite(number) && Math.abs(number) < 1e9) {
      return String.format(Locale.ROOT, "%." + Math.min(precision, 12) + "f", number);
    }
    if (!Double.isFinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(number);
    if (size != 0 && (size < 1e-4 || size >= 1e9)) {
      return String.format(Locale.ROOT, "%.5e", number);
    }
    if (number == Math.rint(number)) {
      return String.format(Locale.ROOT, "%.0f", number);
    }
    return BigDecimal.valueOf(number)
        .round(new MathContext(DIGITS))
        .stripTrailingZeros()
        .toPlainString();
  }

  static String time(JsonNode seconds) {
    return seconds.isNumber()
        ? DATE_TIME.format(Instant.ofEpochMilli((long) (seconds.asDouble() * 1000)))
        : "";
  }

  static String duration(double seconds) {
    long whole = Math.round(seconds);
    return seconds < 60
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  }

  /** How an item ended, in one line. */
  static String ended(JsonNode entry) {
    JsonNode result = entry.path("result");
    StringBuilder line = new StringBuilder();
    line.append(entry.path("name").asText()).append(": ");
    line.append(result.path("exit_status").asText());
    line.append(" after ")
        .append(
            duration(result.path("time_stop").asDouble() - result.path("time_start").asDouble()));
    for (JsonNode scanId : result.path("scan_ids")) {
      line.append(", scan ").append(scanId.asText());
    }
    for (JsonNode run : result.path("run_uids")) {
      line.append(", run ").append(run.asText());
    }
    String msg = result.path("msg").asText();
    return msg.isEmpty() ? line.toString() : line + ": " + msg;
  }
}

package org.beamhive.devices.type;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import org.beamhive.devices.signal.DeviceFailure;

/** A folder that may have the date in it, in the codes of C's {@code strftime}. */
final class AreaPath {
  private static final Map<Character, DateTimeFormatter> CODES =
      Map.of(
          'Y', format("yyyy"),
          'y', format("yy"),
          'm', format("MM"),
          'd', format("dd"),
          'H', format("HH"),
          'M', format("mm"),
          'S', format("ss"),
          'j', format("DDD"),
          'b', format("MMM"),
          'B', format("MMMM"));

  private AreaPath() {}

  /** The folder at this time, ending with a slash. */
  static String expand(String device, String template, ZonedDateTime now) {
    StringBuilder path = new StringBuilder(template.length() + 16);
    for (int at = 0; at < template.length(); at++) {
      char next = template.charAt(at);
      if (next != '%') {
        path.append(next);
        continue;
      }
      char code = ++at < template.length() ? template.charAt(at) : ' ';
      if (code == '%') {
        path.append('%');
      } else if (CODES.containsKey(code)) {
        path.append(CODES.get(code).format(now));
      } else {
        throw new DeviceFailure(
            "wrong-path",
            "%s: the path '%s' has %%%s in it; allowed are %%Y %%y %%m %%d %%H %%M %%S %%j %%b %%B %%%%."
                .formatted(device, template, code));
      }
    }
    return path.length() == 0 || path.charAt(path.length() - 1) == '/'
        ? path.toString()
        : path.append('/').toString();
  }

  private static DateTimeFormatter format(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
  }
}

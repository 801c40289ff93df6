package io.gatehouse.policy.language;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.config.Yaml;
import java.util.Map;

/** The source line of a problem, with carets under the word it is about. Stateless. */
final class Excerpt {
    private static final int MAX_COLUMNS = 160;
    private static final int LEAD = 60;

    private Excerpt() {}

    /** A line of a text, counted from 1 as the reader of YAML counts; empty if there is none. */
    static String line(String text, int number) {
        if (number < 1) {
            return "";
        }
        String[] lines = Yaml.LINE_BREAK.split(text, number + 1);
        return number <= lines.length ? lines[number - 1] : "";
    }

    /** Two lines; empty where there is nothing to show. */
    static String of(Problem problem, Map<String, String> texts) {
        Place place = problem.place();
        String text = texts.get(place.file());
        String line = text == null ? "" : line(text, place.line());
        if (line.isBlank()) {
            return "";
        }
        int[] points =
                line.codePoints().map(c -> Character.isISOControl(c) ? ' ' : c).toArray();
        int at = Math.max(0, Math.min(place.column() - 1, points.length));
        int width = width(points, at);
        int from = points.length > MAX_COLUMNS && at > LEAD ? at - LEAD : 0;
        int to = Math.min(points.length, from + MAX_COLUMNS);
        String cutBefore = from > 0 ? "…" : "";
        String cutAfter = to < points.length ? "…" : "";
        String shown = cutBefore + new String(points, from, to - from) + cutAfter;
        int carets = Math.max(1, Math.min(width, to - at));
        return shown + System.lineSeparator() + " ".repeat(at - from + cutBefore.length()) + "^".repeat(carets);
    }

    /** How long the word is: to its closing quote, or to where YAML ends a plain one. */
    private static int width(int[] line, int at) {
        if (at >= line.length) {
            return 1;
        }
        int quote = line[at] == '"' || line[at] == '\'' ? line[at] : 0;
        if (quote == 0 && (line[at] == '{' || line[at] == '[')) {
            return 1;
        }
        int end = at + 1;
        while (end < line.length) {
            if (quote != 0 && line[end] == quote) {
                return end + 1 - at;
            }
            boolean stop = line[end] == ','
                    || line[end] == ']'
                    || line[end] == '}'
                    || line[end] == ':' && (end + 1 == line.length || line[end + 1] == ' ')
                    || line[end] == '#' && line[end - 1] == ' ';
            if (quote == 0 && stop) {
                break;
            }
            end++;
        }
        while (quote == 0 && end > at + 1 && line[end - 1] == ' ') {
            end--;
        }
        return end - at;
    }
}

package io.gatehouse.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** The page of what the policy engine holds: every number has tests, and they are there. */
class InvariantsTest {
    private static final Pattern ROW = Pattern.compile("\\| ([IBC][0-9]+) \\| (.+) \\| (\\S+) \\|");
    private static final Pattern NUMBERED = Pattern.compile("([ib])([0-9]+)_.*|check([0-9]+)_.*");

    /** The tests of each number. */
    private static Map<String, List<String>> rows() throws IOException {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (String line : Files.readAllLines(Path.of("docs/invariants.md"))) {
            if (line.matches("\\| [A-Z][0-9].*")) {
                Matcher row = ROW.matcher(line);
                assertThat(row.matches()).as(line).isTrue();
                assertThat(rows.put(row.group(1), List.of(row.group(3).split("<br>"))))
                        .as(row.group(1))
                        .isNull();
            }
        }
        return rows;
    }

    @Test
    void numbers_areAllThere_inOrder() throws IOException {
        List<String> numbers = new ArrayList<>();
        add(numbers, "I", 32);
        add(numbers, "B", 24);
        add(numbers, "C", 10);
        assertThat(List.copyOf(rows().keySet())).isEqualTo(numbers);
    }

    private static void add(List<String> numbers, String letter, int last) {
        IntStream.rangeClosed(1, last).forEach(number -> numbers.add(letter + number));
    }

    @Test
    void tests_thatAreNamed_exist_andRun() throws IOException {
        for (Map.Entry<String, List<String>> row : rows().entrySet()) {
            for (String test : row.getValue()) {
                Method method = method(test);
                assertThat(AnnotationSupport.isAnnotated(method, Testable.class))
                        .as(row.getKey() + ": " + test)
                        .isTrue();
                assertThat(AnnotationSupport.isAnnotated(method, Disabled.class))
                        .as(row.getKey() + ": " + test)
                        .isFalse();
            }
        }
    }

    /** A test that has a number in its name stands by that number. */
    @Test
    void tests_withANumber_standInTheirRows() throws IOException {
        Map<String, List<String>> rows = rows();
        for (String type : rows.values().stream()
                .flatMap(List::stream)
                .map(test -> test.substring(0, test.indexOf('#')))
                .distinct()
                .toList()) {
            for (Method method : type(type).getDeclaredMethods()) {
                Matcher numbered = NUMBERED.matcher(method.getName());
                if (numbered.matches() && AnnotationSupport.isAnnotated(method, Testable.class)) {
                    String number = numbered.group(3) == null
                            ? numbered.group(1).toUpperCase(java.util.Locale.ROOT) + numbered.group(2)
                            : "C" + numbered.group(3);
                    assertThat(rows.get(number)).as(number).contains(type + "#" + method.getName());
                }
            }
        }
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName("io.gatehouse." + name);
        } catch (ClassNotFoundException e) {
            throw new AssertionError("no class " + name, e);
        }
    }

    private static Method method(String test) {
        String[] parts = test.split("#", -1);
        return Arrays.stream(type(parts[0]).getDeclaredMethods())
                .filter(method -> method.getName().equals(parts[1]))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no test " + test));
    }
}

package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Tables that name tests, as {@code room.Class#method}: those exist and run, and pages show what the tables say. A name
 * without a room is of this one. Stateless.
 */
final class NamedTests {
    private NamedTests() {}

    /** The test is there, and no annotation keeps it from running. */
    static void assertRuns(String as, String test) {
        Method method = method(test);
        assertThat(AnnotationSupport.isAnnotated(method, Testable.class))
                .as(as + ": " + test)
                .isTrue();
        assertThat(AnnotationSupport.isAnnotated(method, Disabled.class)
                        || AnnotationSupport.isAnnotated(method.getDeclaringClass(), Disabled.class))
                .as(as + ": " + test)
                .isFalse();
    }

    private static Method method(String test) {
        String[] parts = test.split("#", -1);
        assertThat(parts).as(test).hasSize(2);
        String type = parts[0].contains(".") ? parts[0] : "security." + parts[0];
        try {
            return Stream.of(Class.forName("io.gatehouse." + type).getDeclaredMethods())
                    .filter(method -> method.getName().equals(parts[1]))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no test " + test));
        } catch (ClassNotFoundException e) {
            throw new AssertionError("no class of test " + test, e);
        }
    }

    /** The page has this text between two lines; with {@code -Dproperty=true} it is written there. */
    static void assertShown(Path page, String begin, String end, String text, String property) throws IOException {
        String now = Files.readString(page);
        int from = now.indexOf(begin);
        int to = now.indexOf(end);
        assertThat(from).as(begin).isPositive();
        assertThat(to).as(end).isGreaterThan(from);
        String written = now.substring(0, from) + begin + text + now.substring(to);
        if (Boolean.getBoolean(property)) {
            Files.writeString(page, written);
        }
        assertThat(page).as("write it anew with -D" + property + "=true").hasContent(written);
    }
}

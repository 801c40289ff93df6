package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** Every lesson of {@code lessons.txt} is answered by tests that exist, or says why not; the page shows what is there. */
class LessonsTest {
    private static final Path PAGE = Path.of("docs/security-model.md");
    private static final String BEGIN = "<!-- the lessons: written by LessonsTest -->\n";
    private static final String END = "<!-- the end of the lessons -->\n";

    /** @param tests empty where {@code reason} says why */
    private record Lesson(String entry, String what, List<String> tests, String reason) {}

    private static List<Lesson> lessons() throws IOException {
        List<Lesson> lessons = new ArrayList<>();
        String text;
        try (var in = LessonsTest.class.getResourceAsStream("/security/lessons.txt")) {
            text = new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
        for (String line : text.split("\n", -1)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] columns = line.split(" \\| ", -1);
            assertThat(columns).as(line).hasSize(3);
            boolean excused = columns[2].startsWith("- ");
            lessons.add(new Lesson(
                    columns[0],
                    columns[1],
                    excused ? List.of() : List.of(columns[2].split(" ")),
                    excused ? columns[2].substring(2) : ""));
        }
        return lessons;
    }

    @Test
    void lessons_areAllThere_once() throws IOException {
        List<String> entries = lessons().stream().map(Lesson::entry).toList();
        assertThat(entries).doesNotHaveDuplicates().hasSizeGreaterThan(95);
        assertThat(entries)
                .containsAll(IntStream.rangeClosed(1, 38)
                        .mapToObj(number -> "gotcha " + number)
                        .toList());
        assertThat(lessons())
                .allMatch(lesson -> lesson.tests().isEmpty() != lesson.reason().isEmpty());
    }

    @Test
    void tests_thatLessonsName_exist_andRun() throws IOException {
        for (Lesson lesson : lessons()) {
            for (String test : lesson.tests()) {
                NamedTests.assertRuns(lesson.entry(), test);
            }
        }
    }

    @Test
    void tests_namedByALesson_standInTheTable() throws IOException {
        Set<String> named = new LinkedHashSet<>();
        lessons().forEach(lesson -> named.addAll(lesson.tests()));
        for (Class<?> type : List.of(
                GotchasBytesTest.class,
                GotchasConnectTest.class,
                GotchasDeliveryTest.class,
                GotchasWebSocketTest.class,
                LessonsPacketsTest.class,
                LessonsFilesTest.class)) {
            assertThat(Arrays.stream(type.getDeclaredMethods())
                            .filter(method -> AnnotationSupport.isAnnotated(method, Testable.class))
                            .map(method -> type.getSimpleName() + "#" + method.getName()))
                    .isSubsetOf(named);
        }
    }

    @Test
    void page_showsTheLessons() throws IOException {
        NamedTests.assertShown(PAGE, BEGIN, END, table(), "lessons.write");
    }

    private static String table() throws IOException {
        StringBuilder table = new StringBuilder(
                "\n| lesson | what went wrong elsewhere | test, or why there is none |\n|---|---|---|\n");
        for (Lesson lesson : lessons()) {
            table.append("| ")
                    .append(lesson.entry())
                    .append(" | ")
                    .append(lesson.what())
                    .append(" | ")
                    .append(lesson.tests().isEmpty() ? lesson.reason() : String.join("<br>", lesson.tests()))
                    .append(" |\n");
        }
        return table.append('\n').toString();
    }
}

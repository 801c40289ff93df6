package io.gatehouse.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every line of {@code identity.txt}, who is connecting, has tests that exist; the page shows what is there. */
class IdentityChecklistTest {
    private static final Path PAGE = Path.of("docs/security-model.md");
    private static final String BEGIN = "<!-- the checklist: written by IdentityChecklistTest -->\n";
    private static final String END = "<!-- the end of the checklist -->\n";

    private record Line(String where, String what, List<String> tests) {}

    private static List<Line> lines() throws IOException {
        String text;
        try (var in = IdentityChecklistTest.class.getResourceAsStream("/security/identity.txt")) {
            text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
        List<Line> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] columns = line.split(" \\| ", -1);
            assertThat(columns).as(line).hasSize(3);
            lines.add(
                    new Line(columns[0], columns[1], List.of(columns[2].strip().split(" +"))));
        }
        return lines;
    }

    @Test
    void lines_areAllThere_once_andEachHasATest() throws IOException {
        assertThat(lines()).hasSizeGreaterThan(60);
        assertThat(lines().stream().map(line -> line.where() + line.what())).doesNotHaveDuplicates();
        assertThat(lines().stream().map(Line::where))
                .contains("login", "names", "certificate", "password", "session", "secrets")
                .containsAll(IntStream.rangeClosed(1, 13)
                        .mapToObj(number -> "token " + number)
                        .toList());
        assertThat(lines())
                .noneMatch(line -> line.tests().isEmpty() || line.tests().get(0).isEmpty());
    }

    @Test
    void tests_thatLinesName_exist_andRun() throws IOException {
        for (Line line : lines()) {
            line.tests().forEach(test -> NamedTests.assertRuns(line.what(), test));
        }
    }

    @Test
    void page_showsTheLines() throws IOException {
        StringBuilder table = new StringBuilder("\n| of | must hold | tests |\n|---|---|---|\n");
        for (Line line : lines()) {
            table.append("| ")
                    .append(line.where())
                    .append(" | ")
                    .append(line.what())
                    .append(" | ")
                    .append(String.join("<br>", line.tests()))
                    .append(" |\n");
        }
        NamedTests.assertShown(PAGE, BEGIN, END, table.append('\n').toString(), "checklist.write");
    }
}

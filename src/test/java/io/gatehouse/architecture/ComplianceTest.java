package io.gatehouse.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
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
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** The page of requirements claims nothing that no test shows. */
class ComplianceTest {
    private static final Path PAGE = Path.of("docs/compliance.md");
    private static final Pattern ROW = Pattern.compile(
            "\\| ((?:EN|CR|IR|SP|CNSA|CRA|PCI) [^|]+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|");
    private static final List<String> STATUSES =
            List.of("met", "partial", "operator's duty", "not met", "not applicable");

    /** What no change of the page may lose. */
    private static final List<String> REQUIREMENTS = List.of(
            "EN 5.1-1",
            "EN 5.2-1",
            "EN 5.3",
            "EN 5.4-1",
            "EN 5.5-1",
            "EN 5.5-4",
            "EN 5.6-1",
            "EN 5.7",
            "EN 5.9",
            "EN 5.10",
            "EN 5.13-1",
            "CR 1.1",
            "CR 1.5",
            "CR 1.7",
            "CR 1.8",
            "CR 1.9",
            "CR 1.9 RE1",
            "CR 1.11",
            "CR 2.1",
            "CR 2.5",
            "CR 2.7",
            "CR 2.8",
            "CR 2.9",
            "CR 2.11",
            "CR 2.12",
            "CR 3.1",
            "CR 3.4",
            "CR 7.1",
            "IR 8259A identification",
            "IR 8259A software update",
            "SP 800-52",
            "CNSA 2.0",
            "CRA I-I (1)",
            "CRA I-I (2)(a)",
            "CRA I-I (2)(b)",
            "CRA I-I (2)(c)",
            "CRA I-I (2)(d)",
            "CRA I-I (2)(e)",
            "CRA I-I (2)(f)",
            "CRA I-I (2)(g)",
            "CRA I-I (2)(h)",
            "CRA I-I (2)(i)",
            "CRA I-I (2)(j)",
            "CRA I-I (2)(k)",
            "CRA I-I (2)(l)",
            "CRA I-I (2)(m)",
            "CRA I-II (1)",
            "CRA I-II (5)",
            "PCI 4.2.1",
            "PCI 4.2.1.1",
            "PCI 8.6",
            "PCI 10.2",
            "PCI 12.3.3");

    private record Row(String requirement, String status, List<String> proofs) {
        List<String> tests() {
            return proofs.stream().filter(ComplianceTest::isTest).toList();
        }
    }

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.matches("\\| (EN|CR|IR|SP|CNSA|CRA|PCI) .*")) {
                Matcher row = ROW.matcher(line);
                assertThat(row.matches()).as(line).isTrue();
                rows.add(new Row(
                        row.group(1).trim(),
                        row.group(4).trim(),
                        List.of(row.group(5).trim().split("<br>"))));
            }
        }
        return rows;
    }

    /** A test is a class below this package; a file has a place or an ending. */
    private static boolean isTest(String proof) {
        return proof.matches("[a-z.]+\\.[A-Z][A-Za-z0-9]+(#[A-Za-z0-9_]+)?");
    }

    @Test
    void requirements_areAllThere_once_eachWithAStatus() throws IOException {
        Map<String, Row> rows = new LinkedHashMap<>();
        for (Row row : rows()) {
            assertThat(rows.put(row.requirement(), row)).as(row.requirement()).isNull();
            assertThat(STATUSES).as(row.requirement()).contains(row.status());
        }
        for (String requirement : REQUIREMENTS) {
            assertThat(rows.keySet())
                    .as(requirement)
                    .anyMatch(known -> known.matches(Pattern.quote(requirement) + "([ ,].*)?"));
        }
    }

    @Test
    void rowsThatSayMet_nameATestThatRuns() throws IOException {
        for (Row row : rows()) {
            if (row.status().equals("met")) {
                assertThat(row.tests()).as(row.requirement()).isNotEmpty();
            }
        }
    }

    @Test
    void proofs_thatAreNamed_exist_andRun() throws IOException {
        for (Row row : rows()) {
            for (String proof : row.proofs()) {
                if (isTest(proof)) {
                    assertThat(tests(proof))
                            .as(row.requirement() + ": " + proof)
                            .isNotEmpty();
                } else {
                    assertThat(Path.of(proof)).as(row.requirement()).isRegularFile();
                }
            }
        }
    }

    /** The methods that run, of a class and those in it, or the one that is named. */
    private static List<Method> tests(String proof) {
        String[] parts = proof.split("#", -1);
        Class<?> type;
        try {
            type = Class.forName("io.gatehouse." + parts[0], false, ComplianceTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError("no class " + parts[0], e);
        }
        if (AnnotationSupport.isAnnotated(type, Disabled.class)) {
            return List.of();
        }
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> parts.length == 1 || method.getName().equals(parts[1]))
                .filter(method -> AnnotationSupport.isAnnotated(method, Testable.class)
                        && !AnnotationSupport.isAnnotated(method, Disabled.class))
                .toList();
    }

    /** What {@code certs doctor --cra} says, item by item. */
    @Test
    void rowsOfTheCyberResilienceAct_areWhatTheToolSays() throws Exception {
        Map<String, String> page = new LinkedHashMap<>();
        for (Row row : rows()) {
            Matcher id = Pattern.compile("CRA I-(I+) (.*)").matcher(row.requirement());
            if (id.matches()) {
                for (String item : id.group(2).split(", ")) {
                    page.put(id.group(1) + " " + item, row.status());
                }
            }
        }
        Map<String, String> tool = new LinkedHashMap<>();
        Map<String, String> words =
                Map.of("met", "met", "partly", "partial", "operator", "operator's duty", "missing", "not met");
        List<?> items = (List<?>) Json.read(Files.readString(Path.of("src/main/resources/compliance/cra.json")));
        for (Object item : items) {
            Map<?, ?> one = (Map<?, ?>) item;
            tool.put(String.valueOf(one.get("item")), words.get(String.valueOf(one.get("standing"))));
        }
        assertThat(page).containsExactlyInAnyOrderEntriesOf(tool);
    }

    @Test
    void page_saysWhatItIsNot_andIsFound() throws IOException {
        assertThat(PAGE).content().contains("a person who knows the standard has to check its wording");
        assertThat(Path.of("README.md")).content().contains("(docs/compliance.md)");
    }

    @Test
    void policyForReports_saysWhereAndWhen() {
        assertThat(Path.of("SECURITY.md"))
                .content()
                .contains("## Reporting a vulnerability", "privately", "working days", "## Supported versions");
    }
}

package io.gatehouse.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;

/** What docs/conformance.md says: the statements of the registries, with the tests that name them. */
final class ConformanceDocument {
    private static final String HEAD = """
            # Conformance

            Every numbered statement of the specifications (their Appendix B), in our own words, with the tests that hold the
            broker to it. The tests speak to a running broker over TLS, byte by byte, with a client of their own that shares no
            code with it; its sessions are on disk, as they are by default (`-Dconformance.memory=true` has them in memory).
            They run with every build, and a build with one that fails is refused: "passes" says that there is nothing else to
            report. This page is generated, and a test holds it to what is there; `-Dconformance.write=true` writes it anew.

            MQTT 3.1 numbers nothing; Mqtt31Test shows what is different there.

            A statement without a test has a reason. *Binds the client only*: the broker cannot tell whether it is kept. *Not to
            be seen from outside*: nothing on a connection shows it. *An option not taken*: the specification leaves a choice,
            and the broker does not take it.
            """;

    private final List<Method> tests;

    ConformanceDocument() {
        this.tests = tests();
    }

    /** Every test that names statements, by class and name. */
    private static List<Method> tests() {
        try {
            Path folder = Path.of(Objects.requireNonNull(ConformanceDocument.class.getResource("."))
                    .toURI());
            List<Method> found = new ArrayList<>();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.sorted().toList()) {
                    String name = String.valueOf(file.getFileName());
                    if (name.endsWith("Test.class")) {
                        String type = ConformanceDocument.class.getPackageName() + "."
                                + name.substring(0, name.length() - ".class".length());
                        found.addAll(
                                Arrays.stream(Class.forName(type, false, ConformanceDocument.class.getClassLoader())
                                                .getDeclaredMethods())
                                        .filter(method -> method.isAnnotationPresent(Statement.class))
                                        .sorted(Comparator.comparing(Method::getName))
                                        .toList());
                    }
                }
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The tests of one specification by the statements they name; of an unknown one as well. */
    Map<String, List<Method>> byStatement(Specification specification) {
        Map<String, List<Method>> named = new TreeMap<>();
        for (Method test : tests) {
            Conformance of = test.getDeclaringClass().getAnnotation(Conformance.class);
            if (of == null) {
                throw new IllegalStateException(test.getDeclaringClass().getName() + " says no specification");
            }
            if (of.value() == specification) {
                for (String id : test.getAnnotation(Statement.class).value()) {
                    named.computeIfAbsent(id, key -> new ArrayList<>()).add(test);
                }
            }
        }
        return named;
    }

    /** Tests whose name does not begin with a statement they name. */
    List<String> misnamed() {
        return tests.stream()
                .filter(test -> Arrays.stream(
                                test.getAnnotation(Statement.class).value())
                        .noneMatch(id -> test.getName().startsWith(prefix(id))))
                .map(ConformanceDocument::shown)
                .toList();
    }

    private static String prefix(String id) {
        return id.toLowerCase(java.util.Locale.ROOT).replace('-', '_').replace('.', '_') + "_";
    }

    String text() {
        StringBuilder text = new StringBuilder(HEAD);
        for (Specification specification : Specification.values()) {
            section(specification, text);
        }
        return text.toString();
    }

    private void section(Specification specification, StringBuilder text) {
        Registry registry = Registry.read(specification);
        Map<String, List<Method>> named = byStatement(specification);
        Map<String, Integer> counts = new LinkedHashMap<>();
        StringBuilder table = new StringBuilder();
        for (Registry.Row row : registry.rows().values()) {
            List<Method> its = named.getOrDefault(row.id(), List.of());
            String result = result(row, its);
            counts.merge(result, 1, Integer::sum);
            table.append("| ")
                    .append(row.id())
                    .append(" | ")
                    .append(row.asks().replace("|", "\\|"))
                    .append(" | ")
                    .append(
                            its.isEmpty()
                                    ? row.reason()
                                    : String.join(
                                            "<br>",
                                            its.stream()
                                                    .map(ConformanceDocument::shown)
                                                    .toList()))
                    .append(" | ")
                    .append(result)
                    .append(" |\n");
        }
        text.append("\n## ").append(specification.title()).append("\n\n");
        text.append(registry.rows().size()).append(" statements: ");
        text.append(String.join(
                ", ",
                counts.entrySet().stream()
                        .map(count -> count.getValue() + " " + count.getKey())
                        .toList()));
        text.append(".\n\n| statement | what it asks | test, or why there is none | result |\n|---|---|---|---|\n");
        text.append(table);
    }

    private static String result(Registry.Row row, List<Method> its) {
        if (its.isEmpty()) {
            return row.excuse() == null ? "unaccounted for" : row.excuse().text();
        }
        return its.stream().anyMatch(test -> test.isAnnotationPresent(Disabled.class)) ? "FAILS" : "passes";
    }

    private static String shown(Method test) {
        return test.getDeclaringClass().getSimpleName() + "." + test.getName();
    }
}

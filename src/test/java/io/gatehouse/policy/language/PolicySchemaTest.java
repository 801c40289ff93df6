package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An editor that has the schema knows the keys that the broker knows, and accepts what it accepts. */
class PolicySchemaTest {
    private static final Map<String, Object> SCHEMA = PolicySchema.schema();

    /** A policy in which a marked place may have keys of one kind. */
    private static final Map<String, String> PLACES = Map.ofEntries(
            Map.entry("file", "version: 1\n@: x\n"),
            Map.entry("defaults", "version: 1\ndefaults: {@: x}\n"),
            Map.entry("variable", "version: 1\nvars: {v: {from: user, @: x}}\n"),
            Map.entry("role", "version: 1\nroles: {r: {@: x}}\n"),
            Map.entry("deny", "version: 1\nroles: {r: {deny: {@: x}}}\n"),
            Map.entry("publish", "version: 1\nroles: {r: {publish: [{topic: a, @: x}]}}\n"),
            Map.entry("subscribe", "version: 1\nroles: {r: {subscribe: [{topic: a, @: x}]}}\n"),
            Map.entry("limits", "version: 1\nroles: {r: {limits: {@: x}}}\n"),
            Map.entry("when", "version: 1\nroles: {r: {when: {@: x}}}\n"),
            Map.entry("to", "version: 1\nroles: {r: {}}\nassign: [{to: {@: x}, roles: [r]}]\n"),
            Map.entry("assign", "version: 1\nroles: {r: {}}\nassign: [{to: {user: a}, roles: [r], @: x}]\n"),
            Map.entry("everyone", "version: 1\neveryone: {@: x}\n"),
            Map.entry("test", "version: 1\ntests: [{as: {user: a}, cannot: [connect], @: x}]\n"),
            Map.entry("as", "version: 1\ntests: [{as: {@: x}, cannot: [connect]}]\n"));

    static Stream<String> places() {
        return PLACES.keySet().stream().sorted();
    }

    /** Every word that is a key anywhere, one that is wrong everywhere, and free ones. */
    private static Set<String> words() {
        Set<String> words = new LinkedHashSet<>(List.of("publsh", "jwt.scope", "jwt.", "cert.foo", "jwt"));
        List.of(
                        Keys.FILE,
                        Keys.DEFAULTS,
                        Keys.VARIABLE,
                        Keys.ROLE,
                        Keys.DENY,
                        Keys.ITEM,
                        Keys.LIMITS,
                        Keys.CONDITION,
                        Keys.MATCH,
                        Keys.ASSIGN,
                        Keys.EVERYONE,
                        Keys.TEST,
                        Keys.SUBJECT)
                .forEach(words::addAll);
        return words;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("places")
    void key_anyWordAnywhere_isKnownToTheSchemaAsToTheReader(String place) {
        List<String> taken = new ArrayList<>();
        for (String word : words()) {
            String template = PLACES.get(place);
            if (template.contains(word + ": ")) {
                taken.add(word); // is there already
                continue;
            }
            String text = template.replace("@", word);
            Report report = new Report();
            new PolicyReader(report, Optional.empty()).read(Map.of("p.yaml", text), Map.of());
            boolean read = report.sorted().stream()
                    .noneMatch(problem -> problem.code().equals("P125")
                            || problem.code().equals("P104")
                                    && problem.message().contains("\"" + word + "\"")
                                    && !problem.message().startsWith("unknown source"));
            boolean offered = SchemaWalker.mistakes(SCHEMA, text).stream()
                    .noneMatch(mistake -> mistake.endsWith("unknown key " + word));

            assertThat(offered).as("\"%s\" in %s", word, place).isEqualTo(read);
            if (read) {
                taken.add(word);
            }
        }
        assertThat(taken).isNotEmpty().doesNotContain("publsh");
    }

    @Test
    void schema_everyObject_isClosed_andSaysWhatItsKeysAre() {
        List<String> objects = new ArrayList<>();
        closed(SCHEMA, "", objects);
        assertThat(objects).hasSizeGreaterThan(14);
    }

    private static void closed(Object node, String path, List<String> objects) {
        if (node instanceof List<?> list) {
            list.forEach(one -> closed(one, path, objects));
        }
        if (!(node instanceof Map<?, ?> map)) {
            return;
        }
        if (map.get("properties") instanceof Map<?, ?> properties && !path.endsWith("/properties")) {
            objects.add(path);
            assertThat(map.get("additionalProperties")).as(path).isEqualTo(false);
            properties.forEach((key, below) -> {
                Map<?, ?> shown = (Map<?, ?>) below;
                boolean described = shown.containsKey("description")
                        || ((Map<?, ?>) ((Map<?, ?>) SCHEMA.get("$defs"))
                                        .get(String.valueOf(shown.get("$ref")).replace("#/$defs/", "")))
                                .containsKey("description");
                assertThat(described).as("description of " + path + "/" + key).isTrue();
            });
        }
        map.forEach((key, below) -> closed(below, path + "/" + key, objects));
    }

    static Stream<Path> readyMade() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("policies"))) {
            return Stream.concat(
                    all.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream(),
                    Stream.of(Path.of("src/main/resources/quickstart/policy.yaml")));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readyMade")
    void readyMadePolicy_validates(Path file) throws IOException {
        assertThat(SchemaWalker.mistakes(SCHEMA, Files.readString(file))).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    roles: {r: {publish: [a/#/b]}}                              | roles/r/publish
                    roles: {r: {publish: [a/b+]}}                               | roles/r/publish
                    roles: {r: {publish: [dev-<cn>/x]}}                         | roles/r/publish
                    roles: {r: {publish: ["$share/g/t"]}}                       | roles/r/publish
                    roles: {r: {publish: ["a/%c"]}}                             | roles/r/publish
                    roles: {r: {publish: [""]}}                                 | roles/r/publish
                    roles: {r: {publish: a}}                                    | roles/r/publish
                    roles: {r: {deny: {publish: [{topic: a, max_qos: 1}]}}}     | roles/r/deny/publish
                    roles: {r: {limits: {max_payload: 4kb}}}                    | roles/r/limits/max_payload
                    roles: {r: {limits: {publish_rate: "10"}}}                  | roles/r/limits/publish_rate
                    roles: {R: {publish: [a]}}                                  | unknown key R
                    vars: {v: {from: certificate}}                              | vars/v/from
                    vars: {v: {prefix: a}}                                      | vars/v
                    defaults: {holes: open}                                     | defaults/holes
                    tests: [{as: {user: a}, can: [fly a]}]                      | tests[]/can
                    assign: [{to: {}, roles: []}]                               | assign[]/to
                    """)
    void mistake_isSeenInTheEditorAsByTheReader(String body, String where) {
        String text = "version: 1\n" + body + "\n";
        Report report = new Report();
        new PolicyReader(report, Optional.empty()).read(Map.of("p.yaml", text), Map.of());

        assertThat(report.hasErrors()).isTrue();
        assertThat(SchemaWalker.mistakes(SCHEMA, text)).anyMatch(mistake -> mistake.contains(where));
    }
}

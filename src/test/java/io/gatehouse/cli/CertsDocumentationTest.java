package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Lint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The pages say what the tool does: every rule of lint, every command, every option. */
class CertsDocumentationTest {
    private static String pages() throws Exception {
        StringBuilder text = new StringBuilder();
        for (String page : List.of("docs/certificates.md", "docs/enrolment.md", "certs-tools/README.md")) {
            text.append(Files.readString(Path.of(page)));
        }
        return text.toString();
    }

    @Test
    void lintRules_areThoseOfTheDocument() throws Exception {
        String table = Arrays.stream(Lint.values())
                .map(lint -> "| " + lint.id() + " | " + lint.severity().name().toLowerCase(Locale.ROOT) + " | "
                        + lint.about() + " | " + lint.rule() + " | " + lint.clause() + " |\n")
                .collect(Collectors.joining());
        assertThat(Files.readString(Path.of("docs/certificates.md")))
                .as("docs/certificates.md lacks this table of the rules:%n%s", table)
                .contains("| id | severity | about | a certificate ... | clause |\n|---|---|---|---|---|\n" + table
                        + "\n");
        assertThat(Arrays.stream(Lint.values()).map(Lint::id))
                .doesNotHaveDuplicates()
                .isSorted();
    }

    @Test
    void lint_rules_listsThemAll() throws Exception {
        assertThat(done("lint", "--rules").lines()).hasSize(Lint.values().length + 1);
        List<?> rules = (List<?>) Json.read(done("lint", "--rules", "--json"));
        assertThat(rules)
                .hasSize(Lint.values().length)
                .allSatisfy(rule -> assertThat(((Map<?, ?>) rule).keySet().toString())
                        .isEqualTo("[id, severity, about, rule, clause]"));
        assertThat(certs("lint").exitCode()).isEqualTo(2);
    }

    @Test
    void optionsAndCommands_areAllInThePages() throws Exception {
        String pages = pages();
        Set<String> missing = new TreeSet<>();
        collect(GatehouseCommand.line().getSubcommands().get("certs"), pages, missing);
        assertThat(missing).isEmpty();
    }

    private static void collect(CommandLine line, String pages, Set<String> missing) {
        for (OptionSpec option : line.getCommandSpec().options()) {
            boolean said =
                    Arrays.stream(option.names()).anyMatch(name -> pages.matches("(?s).*[`\\s(\\[]" + name + "\\b.*"));
            if (!said && !option.usageHelp() && !option.versionHelp()) {
                missing.add(line.getCommandName() + " " + option.longestName());
            }
        }
        line.getSubcommands().forEach((name, below) -> {
            if (!pages.matches("(?s).*\\bcerts(-tools/certs)? ([a-z-]+ )?" + name + "\\b.*")) {
                missing.add("certs " + name);
            }
            collect(below, pages, missing);
        });
    }
}

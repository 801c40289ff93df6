package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Ledger;
import io.gatehouse.pki.Lint;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs lint}: the rules that verifiers do not check. */
@Command(
        name = "lint",
        description = "Name the rules that certificates break, each with its clause. Ends with 9 if there are any.",
        mixinStandardHelpOptions = true)
final class CertsLint implements Runnable {
    @Parameters(
            paramLabel = "FILE|ID",
            arity = "0..*",
            description = "Certificates, PEM or DER; or holders of the authority in --dir.")
    private List<String> words = List.of();

    @Option(names = "--all", description = "The authority's own certificates, and all that it ever issued.")
    private boolean all;

    @Option(names = "--sarif", description = "As SARIF 2.1.0, which code hosts show beside the files.")
    private boolean sarif;

    @Option(
            names = "--rules",
            description = "List the rules instead: id, severity, what they are about, and the clause.")
    private boolean rules;

    @Mixin
    private CertsCommon common = new CertsCommon();

    private final List<Map<String, Object>> findings = new ArrayList<>();
    private int looked;

    @Override
    public void run() {
        if (rules) {
            rules();
            return;
        }
        if (words.isEmpty() != all) {
            throw Failure.usage("say which certificates: files, holders, or --all");
        }
        boolean json = common.json();
        if (json && sarif) {
            throw Failure.usage("--json and --sarif: give one of them");
        }
        try {
            lint();
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
        if (sarif) {
            common.out().println(Json.pretty(sarif()));
        } else if (json) {
            common.out().println(Json.pretty(findings));
        } else {
            findings.forEach(one -> common.out()
                    .println(one.get("file") + ", certificate " + one.get("certificate") + ": " + one.get("id") + ": "
                            + one.get("severity") + ": not so: " + one.get("rule") + " (" + one.get("clause") + ")"));
        }
        if (!findings.isEmpty()) {
            throw Failure.of(
                    CertsCommand.FINDINGS,
                    findings.size() + (findings.size() == 1 ? " rule is" : " rules are") + " broken");
        }
        if (!json && !sarif) {
            common.out()
                    .println("all " + Lint.values().length + " rules are kept by " + looked
                            + (looked == 1 ? " certificate" : " certificates"));
            common.out().println("next: gatehouse certs doctor -d " + common.folder());
        }
    }

    private void rules() {
        if (common.json()) {
            common.out()
                    .println(Json.pretty(
                            Arrays.stream(Lint.values()).map(CertsLint::fields).toList()));
            return;
        }
        for (Lint lint : Lint.values()) {
            common.out()
                    .printf(
                            "%s  %-7s  %-17s  %s (%s)%n",
                            lint.id(), severity(lint), lint.about(), lint.rule(), lint.clause());
        }
        common.out().println("next: gatehouse certs lint --all -d " + common.folder());
    }

    private static Map<String, Object> fields(Lint lint) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", lint.id());
        fields.put("severity", severity(lint));
        fields.put("about", lint.about());
        fields.put("rule", lint.rule());
        fields.put("clause", lint.clause());
        return fields;
    }

    private static String severity(Lint lint) {
        return lint.severity().name().toLowerCase(Locale.ROOT);
    }

    private void lint() throws PkiProblem {
        Set<String> holders = new TreeSet<>();
        for (String word : words) {
            if (Files.exists(Path.of(word)) || !Authority.exists(common.folder())) {
                file(Path.of(word));
            } else {
                holders.add(word);
            }
        }
        if (all) {
            for (String name : List.of("root", "device", "server")) {
                file(common.places().certificateOf(name));
            }
        }
        Set<String> unknown = new TreeSet<>(holders);
        if (all || !holders.isEmpty()) {
            Ledger.certificates(common.folderToRead(), (id, certificate) -> {
                if (all || holders.contains(id)) {
                    unknown.remove(id);
                    look(id, certificate.getSerialNumber().toString(16), certificate);
                }
            });
        }
        if (!unknown.isEmpty()) {
            throw Failure.of(5, String.join(", ", unknown) + ": no such file, and no holder in " + common.folder());
        }
    }

    private void file(Path file) throws PkiProblem {
        int number = 0;
        for (X509Certificate certificate : Pem.certificates(file)) {
            number++;
            look(file.toString(), number, certificate);
        }
    }

    private void look(String place, Object which, X509Certificate certificate) {
        looked++;
        for (Lint lint : Lint.of(certificate)) {
            Map<String, Object> finding = new LinkedHashMap<>();
            finding.put("file", place);
            finding.put("certificate", which);
            finding.put("id", lint.id());
            finding.put("severity", severity(lint));
            finding.put("rule", lint.rule());
            finding.put("clause", lint.clause());
            findings.add(finding);
        }
    }

    private Map<String, Object> sarif() {
        List<Map<String, Object>> rules = Arrays.stream(Lint.values())
                .map(lint -> Map.<String, Object>of(
                        "id", lint.id(),
                        "shortDescription", Map.of("text", "A certificate " + lint.rule()),
                        "help", Map.of("text", lint.clause())))
                .toList();
        List<Map<String, Object>> results = findings.stream()
                .map(one -> Map.of(
                        "ruleId",
                        one.get("id"),
                        "level",
                        one.get("severity"),
                        "message",
                        Map.of("text", "certificate " + one.get("certificate") + ": not so: " + one.get("rule")),
                        "locations",
                        List.of(Map.of(
                                "physicalLocation", Map.of("artifactLocation", Map.of("uri", one.get("file")))))))
                .toList();
        Map<String, Object> driver = new LinkedHashMap<>();
        driver.put("name", "gatehouse certs lint");
        driver.put("rules", rules);
        Map<String, Object> log = new LinkedHashMap<>();
        log.put("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        log.put("version", "2.1.0");
        log.put("runs", List.of(Map.of("tool", Map.of("driver", driver), "results", results)));
        return log;
    }
}

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Lint;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs lint}: the rules that verifiers do not check. */
@Command(
        name = "lint",
        description = "Name the rules that certificates break, each with its clause. Ends with 9 if there are any.",
        mixinStandardHelpOptions = true)
final class CertsLint implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Certificates, PEM or DER.")
    private List<Path> files = List.of();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        List<Map<String, Object>> findings = new ArrayList<>();
        try {
            for (Path file : files) {
                int number = 0;
                for (X509Certificate certificate : Pem.certificates(file)) {
                    number++;
                    for (Lint lint : Lint.of(certificate)) {
                        findings.add(Map.of(
                                "file", file.toString(),
                                "certificate", number,
                                "id", lint.id(),
                                "rule", lint.rule(),
                                "clause", lint.clause()));
                    }
                }
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
        if (json) {
            spec.commandLine().getOut().println(Json.pretty(findings));
        } else {
            findings.forEach(one -> spec.commandLine()
                    .getOut()
                    .println(one.get("file") + ", certificate " + one.get("certificate") + ": " + one.get("id")
                            + ": not so: " + one.get("rule") + " (" + one.get("clause") + ")"));
        }
        if (!findings.isEmpty()) {
            throw Failure.of(CertsCommand.FINDINGS, findings.size() + " rules are broken");
        }
        if (!json) {
            spec.commandLine().getOut().println("all " + Lint.values().length + " rules are kept");
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Inspection;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs inspect}: what is in a file of certificates. */
@Command(
        name = "inspect",
        description = "Show what is in a file: certificates or a revocation list (PEM, DER), a request or a key (PEM).",
        mixinStandardHelpOptions = true)
final class CertsInspect implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The file.")
    private Path file = Path.of("");

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Override
    public void run() {
        try {
            List<Map<String, Object>> all = Inspection.of(file);
            if (json) {
                spec.commandLine().getOut().println(Json.pretty(all));
                return;
            }
            for (int i = 0; i < all.size(); i++) {
                spec.commandLine()
                        .getOut()
                        .println(all.get(i).getOrDefault("kind", "certificate") + " " + (i + 1) + " of " + all.size());
                all.get(i).forEach((key, value) -> spec.commandLine().getOut().printf("  %-18s %s%n", key, value));
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

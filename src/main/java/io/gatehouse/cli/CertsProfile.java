package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.ProfileBook;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs profile}: a built-in profile, to begin one's own with. */
@Command(
        name = "profile",
        description = {
            "Print a built-in profile: root, issuing, device, idevid, administrator, server, node, ocsp-device, ocsp-server.",
            "A file profiles/NAME.yaml in the authority's folder takes its place. It can choose kinds of keys, lifetimes and"
                    + " pointers to revocation services; what a certificate is for, it cannot change."
        },
        mixinStandardHelpOptions = true)
final class CertsProfile implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "Which.")
    private String name = "";

    @Option(names = "--json", description = "As one JSON document: what it says, and the text.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            if (json) {
                Map<String, Object> fields = new LinkedHashMap<>(ProfileBook.builtInFields(name));
                fields.put("text", ProfileBook.builtInText(name));
                out.println(Json.pretty(fields));
                return;
            }
            out.print(ProfileBook.builtInText(name));
            out.flush();
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Issued;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that issues takes: how long, where to, and how it is said. */
final class CertsIssuing {
    @Option(
            names = "--validity",
            paramLabel = "DAYS",
            defaultValue = "397",
            description = "Days it is valid; default: ${DEFAULT-VALUE}.")
    private int days = 397;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "The folder for cert.pem, key.pem and ca.pem; default: out/ID in the authority's folder.")
    private @Nullable Path out;

    @Option(names = "--json", description = "Print what was made as JSON.")
    private boolean json;

    Duration validity() {
        return Duration.ofDays(days);
    }

    /** Writes the files; says them and what to type next, where DIR stands for their folder. */
    void write(CertsCommon common, Issued issued, String next) {
        Path folder = out != null ? out : common.places().outputOf(issued.id());
        try {
            issued.writeTo(folder);
        } catch (IOException e) {
            throw Failure.of(
                    1, folder + ": cannot be written: " + e.getMessage() + "; the certificate is in the journal");
        }
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("id", issued.id());
        made.put("profile", issued.profile().word());
        made.put("serial", issued.serial());
        made.put("notAfter", issued.certificate().getNotAfter().toInstant().toString());
        made.put("certificate", folder.resolve("cert.pem").toString());
        if (issued.key().isPresent()) {
            made.put("key", folder.resolve("key.pem").toString());
        }
        made.put("ca", folder.resolve("ca.pem").toString());
        if (json) {
            common.out().println(Json.pretty(made));
            return;
        }
        common.out()
                .println("made the certificate of " + issued.profile().word() + " \"" + issued.id() + "\", serial "
                        + issued.serial() + ", valid until " + made.get("notAfter"));
        for (String file : new String[] {"certificate", "key", "ca"}) {
            if (made.containsKey(file)) {
                common.out().printf("  %-12s %s%n", file, made.get(file));
            }
        }
        common.out().println("next: " + next.replace("DIR", folder.toString()));
    }
}

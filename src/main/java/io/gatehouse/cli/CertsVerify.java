package io.gatehouse.cli;

import io.gatehouse.pki.Inspection;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs verify}: whether a certificate would be accepted, and if not, which rule it breaks. */
@Command(
        name = "verify",
        description = "Say whether a certificate would be accepted, and which rule it breaks if not.",
        mixinStandardHelpOptions = true)
final class CertsVerify implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The certificate, with what is sent along.")
    private Path file = Path.of("");

    @Option(names = "--ca", paramLabel = "FILE", required = true, description = "The authorities to trust.")
    private Path ca = Path.of("");

    @Option(
            names = "--as",
            paramLabel = "client|server",
            defaultValue = "client",
            description = "What it is used for; default: ${DEFAULT-VALUE}.")
    private String as = "client";

    @Option(names = "--host", paramLabel = "HOST", description = "The name a server must have.")
    private @Nullable String host;

    @Override
    public void run() {
        if (!as.equals("client") && !as.equals("server")) {
            throw Failure.usage("--as is client or server, found \"" + as + "\"");
        }
        try {
            List<String> broken = Inspection.verify(
                    file,
                    ca,
                    as.equals("server"),
                    Optional.ofNullable(host),
                    Clock.systemUTC().instant());
            if (!broken.isEmpty()) {
                throw Failure.of(4, file + ": " + String.join("; ", broken));
            }
            spec.commandLine().getOut().println(file + ": accepted as a " + as + "'s certificate");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

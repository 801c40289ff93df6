package io.gatehouse.cli;

import io.gatehouse.audit.AuditChain;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gatehouse audit}: looks at audit logs. */
@Command(
        name = "audit",
        description = "Look at audit logs.",
        mixinStandardHelpOptions = true,
        subcommands = {AuditCommand.Verify.class})
final class AuditCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code audit verify}. */
    @Command(
            name = "verify",
            description =
                    "Check that no line of a log was changed, taken out or put in. Exit code 1: one was, and it is named.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "The log.")
        private Path file = Path.of("");

        @Override
        public void run() {
            AuditChain.Verification result;
            try {
                result = AuditChain.verify(file);
            } catch (IOException e) {
                throw Failure.usage(file + ": cannot be read: " + e.getMessage());
            }
            if (result.fault().isPresent()) {
                throw Failure.findings(result.fault().get());
            }
            spec.commandLine().getOut().println(file + ": " + result.lines() + " lines, none changed");
            spec.commandLine()
                    .getOut()
                    .println("last hash: " + result.lastHash() + " (noted elsewhere, it shows a cut-off end)");
        }
    }
}

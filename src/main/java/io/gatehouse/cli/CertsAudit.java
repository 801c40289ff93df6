package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Ledger;
import io.gatehouse.pki.PkiProblem;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code certs audit}: the authority's journal, for those who check it. */
@Command(
        name = "audit",
        description = "Check the authority's journal, or write it out. Needs no passphrase.",
        mixinStandardHelpOptions = true,
        subcommands = {CertsAudit.Verify.class, CertsAudit.Export.class})
final class CertsAudit implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code certs audit verify}. */
    @Command(
            name = "verify",
            description =
                    "Check that no line of the journal was changed, taken out or put in. Ends with 10 if one was, and"
                            + " names it.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Runnable {
        @Option(
                names = "--holds",
                paramLabel = "HASH",
                description =
                        "A last hash that was noted earlier: one of the lines has to have it, so that the end was not"
                                + " cut off since.")
        private @Nullable String noted;

        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try {
                Ledger.Verified verified = Ledger.verify(common.folder(), Optional.ofNullable(noted));
                if (!verified.holds()) {
                    throw Failure.of(
                            10,
                            common.folder() + ": no line has the hash " + noted
                                    + "; the journal was cut off or replaced");
                }
                if (json) {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("lines", verified.lines());
                    fields.put("lastHash", verified.lastHash());
                    common.out().println(Json.pretty(fields));
                    return;
                }
                common.out().println(common.folder() + ": " + verified.lines() + " lines, none changed");
                common.out().println("last hash: " + verified.lastHash());
                common.out().println("next: note it elsewhere; later, gatehouse certs audit verify --holds HASH");
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }

    /** {@code certs audit export}. */
    @Command(
            name = "export",
            description = "Write the journal as a JSON object a line, checked as it is read.",
            mixinStandardHelpOptions = true)
    static final class Export implements Runnable {
        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try {
                Ledger.export(common.folder(), fields -> common.out().println(Json.line(fields)));
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }
}

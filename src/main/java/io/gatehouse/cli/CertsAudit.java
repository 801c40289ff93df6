package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Ledger;
import io.gatehouse.pki.PkiProblem;
import java.util.ArrayList;
import java.util.List;
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
                    "Check that no line of the journal was changed, taken out or put in, and that each is something an"
                            + " authority does after those before it. Ends with 10 if not, and names the line. What a"
                            + " crash left of a last line is a warning, and no change.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Runnable {
        private static final String HASH = "[0-9a-f]{64}";

        @Option(
                names = "--holds",
                paramLabel = "HASH",
                description =
                        "A last hash that was noted earlier: one of the lines has to have it, so that the end was not"
                                + " cut off since.")
        private @Nullable String noted;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            if (noted != null && !noted.matches(HASH)) {
                throw Failure.usage("--holds is a last hash as this command prints it, 64 digits 0-9 and a-f, found \""
                        + noted + "\"");
            }
            try (CertsReport report = common.report()) {
                Ledger.Verified verified = Ledger.verify(common.folder(), Optional.ofNullable(noted));
                if (!verified.holds()) {
                    throw Failure.of(
                            10,
                            common.folder() + ": no line has the hash " + noted
                                    + "; the journal was cut off or replaced");
                }
                report.put("lines", verified.lines());
                report.put("lastHash", verified.lastHash());
                common.tornTail().ifPresent(tail -> report.put("tornBytes", tail.bytes()));
                report.put("findings", verified.faults());
                report.put("notes", verified.notes());
                verified.faults().forEach(report::say);
                verified.notes().forEach(report::say);
                if (verified.impossible() > 0) {
                    throw Failure.of(
                            10,
                            common.folder() + ": " + verified.impossible() + " of " + verified.lines() + " lines are"
                                    + " nothing that an authority writes, and their hashes are right: somebody wrote them"
                                    + " who knew how. Restore a backup from before: gatehouse certs restore");
                }
                report.say(common.folder() + ": " + verified.lines() + " lines, none changed");
                report.say("last hash: " + verified.lastHash());
                report.next("note it elsewhere; later, gatehouse certs audit verify --holds HASH");
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }

    /** {@code certs audit export}. */
    @Command(
            name = "export",
            description =
                    "Write the journal as a JSON object a line, checked as it is read; with --json, as one array.",
            mixinStandardHelpOptions = true)
    static final class Export implements Runnable {
        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try {
                if (!common.json()) {
                    Ledger.export(common.folderToRead(), fields -> common.out().println(Json.line(fields)));
                    return;
                }
                List<String> separator = new ArrayList<>(List.of("["));
                Ledger.export(common.folderToRead(), fields -> {
                    common.out().print(separator.get(0) + "\n" + Json.line(fields));
                    separator.set(0, ",");
                });
                common.out().println("\n]"); // there is a line in every journal: its making
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Fleet;
import io.gatehouse.pki.FleetRun;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.ProfileBook;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs batch}: keys and certificates of a whole fleet. */
@Command(
        name = "batch",
        description =
                "Issue a fleet from a table (CSV: id, and optionally serial_number, profile (device, administrator, idevid),"
                        + " validity, csr_file, san_uri, group, note). It is judged whole before anything is issued.",
        mixinStandardHelpOptions = true)
final class CertsBatch implements Runnable {
    private static final int MAX_SHOWN = 50;

    @Parameters(paramLabel = "TABLE", description = "The table; its first line names the columns.")
    private Path table = Path.of("");

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR|FILE.tar|FILE.zip",
            required = true,
            description =
                    "One folder a device, or one archive, .tar or .zip, which is faster for thousands. With another"
                            + " ending it is a folder that is there already.")
    private Path out = Path.of("");

    @Option(
            names = "--validity",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "How long each is valid, where the table says nothing: 90 (days), 90d, 1y; default: what the"
                    + " profile says, 397 days of the built-in ones.")
    private @Nullable Duration validity;

    @Option(names = "--jobs", paramLabel = "N", description = "Threads; default: one for each processor.")
    private int jobs = Runtime.getRuntime().availableProcessors();

    @Option(names = "--dry-run", description = "Judge the table, issue nothing.")
    private boolean dryRun;

    @Option(
            names = "--resume",
            description =
                    "Go on where an earlier run of the same table into the same --out was cut short; where there is none,"
                            + " begin.")
    private boolean resume;

    @Option(
            names = "--token-only",
            description =
                    "Issue nothing: make a token with which each device enrols by itself, and write them into --out, a"
                            + " table (id, token, end; 0600).")
    private boolean tokenOnly;

    @Option(
            names = "--ttl",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            defaultValue = "7d",
            description = "Of the tokens of --token-only; default: ${DEFAULT-VALUE}.")
    private Duration tokenTime = CertsToken.WEEK;

    /** What becomes of a run with a device that cannot be issued. */
    enum OnError {
        STOP,
        SKIP
    }

    @Option(
            names = "--on-error",
            paramLabel = "stop|skip",
            defaultValue = "stop",
            description =
                    "A device whose name or key has a certificate already, or that cannot be issued, stops the run"
                            + " before anything is issued, or is left out: the run ends with 8, and the manifest says which. A table with"
                            + " faults is never begun. Default: ${DEFAULT-VALUE}.")
    private OnError onError = OnError.STOP;

    @Mixin
    private CertsForms forms = new CertsForms();

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (jobs < 1 || jobs > 1024) {
            throw Failure.usage("--jobs is 1 to 1024, found " + jobs);
        }
        if (tokenOnly && resume) {
            throw Failure.usage("--token-only and --resume: tokens are made at once");
        }
        CertsTicket.requireTime(tokenTime);
        try {
            FleetRun.Terms terms = new FleetRun.Terms(resume, onError == OnError.SKIP, forms.read(common));
            Fleet fleet = Fleet.read(table, validity, ProfileBook.of(common.folder()));
            if (tokenOnly) {
                fleet.requireGood();
            }
            try (CertsReport report = common.report();
                    Authority authority = common.open()) {
                if (tokenOnly) {
                    CertsTokenTable.requirePlace(out);
                    if (dryRun) {
                        CertsTokenTable.check(authority, fleet, common, report);
                    } else {
                        CertsTokenTable.write(authority, fleet, out, tokenTime, common, report);
                    }
                    return;
                }
                FleetRun run = new FleetRun(authority, fleet, out, terms);
                if (dryRun) {
                    List<PkiProblem.Fault> skipped = run.check();
                    int good = fleet.rows().size() - skipped.size();
                    report.put("of", fleet.rows().size());
                    report.put("issued", 0);
                    report.put("dryRun", true);
                    tellOfEnd(run, authority, report);
                    report.say(fleet.rows().size() + " devices, " + (skipped.isEmpty() ? "all" : good)
                            + " can be issued; nothing was");
                    requireNone(skipped, report);
                    report.next("the same without --dry-run");
                    return;
                }
                long endless =
                        fleet.rows().stream().filter(Fleet.Row::isEndless).count();
                if (endless > 0) {
                    common.warn(
                            endless + " of these certificates have no end; if a key is lost, only revocation ends its"
                                    + " certificate");
                }
                FleetRun.Outcome outcome = issue(run, fleet.rows().size());
                tellOfEnd(run, authority, report);
                report(fleet, outcome, report);
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** Those that would outlive the issuing authority end with it. */
    private void tellOfEnd(FleetRun run, Authority authority, CertsReport report) {
        long shortened = run.shortened();
        report.put("endingWithIssuer", shortened);
        if (shortened > 0) {
            common.warn(shortened + " of these are valid until "
                    + authority.deviceIssuer().getNotAfter().toInstant() + " only: the issuing authority ends then");
        }
    }

    /** On Ctrl-C and SIGTERM the group in hand is finished and the manifest written, and the command ends with its own code. */
    private FleetRun.Outcome issue(FleetRun run, int size) throws PkiProblem {
        AtomicBoolean stopping = new AtomicBoolean();
        Runnable restore = Signals.onInterrupt(() -> stopping.set(true));
        try (CertsProgress progress = CertsProgress.of(size, common.err())) {
            return run.run(jobs, stopping::get, progress);
        } finally {
            restore.run();
        }
    }

    private void report(Fleet fleet, FleetRun.Outcome outcome, CertsReport report) {
        report.put("of", fleet.rows().size());
        report.put("issued", outcome.issued());
        report.put("kept", outcome.kept());
        report.put("revoked", outcome.revoked());
        report.put("whole", outcome.whole());
        report.put("output", outcome.output().toString());
        report.put("manifest", outcome.manifest().toString());
        report.file(outcome.output());
        report.file(outcome.manifest());
        report.say("issued " + outcome.issued() + ", kept " + outcome.kept() + " of an earlier run, of "
                + fleet.rows().size());
        if (outcome.revoked() > 0) {
            report.say("revoked " + outcome.revoked()
                    + " that the earlier run did not come to write, whose keys nobody has;"
                    + " certs crl puts them on the list");
        }
        report.say("wrote " + outcome.output() + " and " + outcome.manifest());
        if (!outcome.whole()) {
            throw Failure.of(CertsCommand.PARTIAL, "stopped early. Go on with the same command and --resume");
        }
        requireNone(outcome.skipped(), report);
        report.next("gatehouse certs list -d " + common.folder());
    }

    /** What was left out is said like any fault, and ends the command as one that did its work in part. */
    private void requireNone(List<PkiProblem.Fault> skipped, CertsReport report) {
        report.put("skipped", skipped.stream().map(CertsBatch::fields).toList());
        skipped.stream().limit(MAX_SHOWN).forEach(fault -> common.error(fault.code(), fault.text()));
        if (!skipped.isEmpty()) {
            int more = skipped.size() - MAX_SHOWN;
            throw Failure.of(
                    CertsCommand.PARTIAL,
                    (more > 0 ? "and " + more + " more; " : "") + skipped.size()
                            + (skipped.size() == 1 ? " device was" : " devices were")
                            + " left out" + (dryRun ? "" : "; the manifest says which"));
        }
    }

    private static Map<String, Object> fields(PkiProblem.Fault fault) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("code", fault.code());
        fields.put("text", fault.text());
        return fields;
    }
}

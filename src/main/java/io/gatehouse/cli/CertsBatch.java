package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Fleet;
import io.gatehouse.pki.FleetRun;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.ProfileBook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs batch}: keys and certificates of a whole fleet. */
@Command(
        name = "batch",
        description =
                "Issue a fleet from a table (CSV: id, and optionally serial_number, profile, validity_days, csr_file,"
                        + " note). It is judged whole before anything is issued.",
        mixinStandardHelpOptions = true)
final class CertsBatch implements Runnable {
    @Parameters(paramLabel = "TABLE", description = "The table; its first line names the columns.")
    private Path table = Path.of("");

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR|FILE.tar|FILE.zip",
            required = true,
            description = "One folder a device, or one archive, which is faster for thousands.")
    private Path out = Path.of("");

    @Option(
            names = "--validity",
            paramLabel = "DAYS",
            description = "Days, where the table says none; default: what the profile says, 397 of the built-in ones.")
    private @Nullable Integer days;

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
            paramLabel = "DAYS",
            defaultValue = "7",
            description = "Of the tokens of --token-only; default: ${DEFAULT-VALUE} days.")
    private int tokenDays = 7;

    @Option(names = "--json", description = "Print what was done as JSON.")
    private boolean json;

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
        if (tokenDays < 1 || tokenDays > 365) {
            throw Failure.usage("--ttl is 1 to 365 days, found " + tokenDays);
        }
        try {
            Fleet fleet =
                    Fleet.read(table, days == null ? null : Duration.ofDays(days), ProfileBook.of(common.folder()));
            try (Authority authority = common.open()) {
                if (tokenOnly) {
                    tokens(authority, fleet);
                    return;
                }
                FleetRun run = new FleetRun(authority, fleet, out, resume);
                if (dryRun) {
                    run.check();
                    common.out().println(fleet.rows().size() + " devices, all can be issued; nothing was");
                    common.out().println("next: the same without --dry-run");
                    return;
                }
                report(fleet, issue(run, fleet.rows().size()));
            }
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private void tokens(Authority authority, Fleet fleet) throws PkiProblem {
        if (Files.exists(out)) {
            throw Failure.of(3, out + ": is there already; name another");
        }
        if (dryRun) {
            common.out().println(fleet.rows().size() + " devices, all can have a token; none was made");
            return;
        }
        List<String> ids = fleet.rows().stream().map(Fleet.Row::id).toList();
        Duration time = Duration.ofDays(tokenDays);
        String end = Clock.systemUTC().instant().plus(time).toString();
        List<String> tokens = authority.tokens(ids, time);
        StringBuilder lines = new StringBuilder("id,token,end\n");
        for (int i = 0; i < ids.size(); i++) {
            lines.append(ids.get(i) + "," + tokens.get(i) + "," + end + "\n");
        }
        try {
            AtomicFiles.writePrivate(out, lines.toString().getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw Failure.of(
                    1,
                    out + ": cannot be written: " + e.getMessage()
                            + ". The tokens are lost; make others, these end by themselves");
        }
        common.out().println("wrote " + ids.size() + " tokens into " + out + " (0600: who reads it can enrol)");
        common.out().println("next: give each device its own, then remove the file");
    }

    /** On Ctrl-C the group in hand is finished and the manifest written before the process ends. */
    private FleetRun.Outcome issue(FleetRun run, int size) throws PkiProblem {
        AtomicBoolean stopping = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> {
            stopping.set(true);
            try {
                if (!ended.await(60, TimeUnit.SECONDS)) {
                    common.warn("still writing after a minute; go on with --resume");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            if (System.console() == null || json) {
                return run.run(jobs, stopping::get, count -> {});
            }
            try (ProgressBar bar = new ProgressBarBuilder()
                    .setTaskName("certificates")
                    .setInitialMax(size)
                    .build()) {
                IntConsumer progress = bar::stepTo;
                return run.run(jobs, stopping::get, progress);
            }
        } finally {
            ended.countDown();
            if (!stopping.get()) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }

    private void report(Fleet fleet, FleetRun.Outcome outcome) {
        if (json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("issued", outcome.issued());
            fields.put("kept", outcome.kept());
            fields.put("of", fleet.rows().size());
            fields.put("whole", outcome.whole());
            fields.put("output", outcome.output().toString());
            fields.put("manifest", outcome.manifest().toString());
            common.out().println(Json.pretty(fields));
        } else {
            common.out()
                    .println("issued " + outcome.issued() + ", kept " + outcome.kept() + " of an earlier run, of "
                            + fleet.rows().size());
            common.out().println("wrote " + outcome.output() + " and " + outcome.manifest());
        }
        if (!outcome.whole()) {
            throw Failure.of(CertsCommand.PARTIAL, "stopped early. Go on with the same command and --resume");
        }
        if (!json) {
            common.out().println("next: gatehouse certs list -d " + common.folder());
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Fleet;
import io.gatehouse.pki.FleetRun;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
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
            defaultValue = "397",
            description = "Days, where the table says none; default: ${DEFAULT-VALUE}.")
    private int days = 397;

    @Option(names = "--jobs", paramLabel = "N", description = "Threads; default: one for each processor.")
    private int jobs = Runtime.getRuntime().availableProcessors();

    @Option(names = "--dry-run", description = "Judge the table, issue nothing.")
    private boolean dryRun;

    @Option(names = "--resume", description = "Go on where an earlier run of the same table was cut short.")
    private boolean resume;

    @Option(names = "--json", description = "Print what was done as JSON.")
    private boolean json;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (jobs < 1 || jobs > 1024) {
            throw Failure.usage("--jobs is 1 to 1024, found " + jobs);
        }
        try {
            Fleet fleet = Fleet.read(table, Duration.ofDays(days));
            try (Authority authority = common.open()) {
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

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.ApprovalRules;
import io.gatehouse.pki.Enrolment;
import io.gatehouse.pki.EnrolmentRules;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Manufacturers;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.SignerServer;
import io.gatehouse.pki.TornTail;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs serve}: the signer for a broker's enrolment, and enrolment where there is no broker. */
@Command(
        name = "serve",
        description = {
            "Sign what devices ask a broker for, over a Unix socket (--signer): the device authority's key is in this"
                    + " process, which no network reaches, and not in the broker's. With --est devices ask here, without a"
                    + " broker. SIGTERM and Ctrl-C stop it cleanly. With --json each event is an object in a line of its own."
        },
        mixinStandardHelpOptions = true)
final class CertsServe implements Runnable {
    private static final String UNIX = "unix:";
    private static final int TEND_SECONDS = 60;
    private static final int UNUSED_DAYS = 7;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Option(
            names = "--signer",
            paramLabel = "unix:PATH",
            description = "The socket, as the broker's 'enrolment: {signer: unix:PATH}' names it.")
    private @Nullable String socket;

    @Mixin
    private CertsEst est = new CertsEst();

    @Option(names = "--group", description = "Let the socket's group ask too, not its owner only.")
    private boolean group;

    @Option(
            names = "--validity-days",
            paramLabel = "DAYS",
            defaultValue = "90",
            description = "Of each certificate; default: ${DEFAULT-VALUE}.")
    private int validity;

    @Option(
            names = "--overlap-hours",
            paramLabel = "HOURS",
            defaultValue = "24",
            description = "How long the old certificate is accepted after the first login with the new one; default:"
                    + " ${DEFAULT-VALUE}.")
    private int overlap;

    @Option(
            names = "--revoke-unused-days",
            paramLabel = "DAYS",
            description = "A certificate that nobody ever logged in with is revoked; default: 7. Not with --est alone,"
                    + " where no broker says who logged in.")
    private @Nullable Integer unused;

    @Option(
            names = "--renew-after-expiry-hours",
            paramLabel = "HOURS",
            defaultValue = "0",
            description = "How long after its end a certificate still renews itself; default: ${DEFAULT-VALUE}.")
    private int afterExpiry;

    @Option(names = "--same-key", description = "A renewal may go on with the old key.")
    private boolean sameKey;

    @Option(
            names = "--per-minute",
            paramLabel = "N",
            defaultValue = "600",
            description = "Certificates of all devices together; default: ${DEFAULT-VALUE}.")
    private int perMinute;

    @Option(
            names = "--per-day",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Certificates of all devices together; default: ${DEFAULT-VALUE}.")
    private int perDay;

    @Option(
            names = "--manufacturers",
            paramLabel = "FILE",
            description = "Authorities (PEM) whose devices enrol with the certificate they were made with; with"
                    + " --manufacturer-devices.")
    private @Nullable Path manufacturers;

    @Option(
            names = "--manufacturer-devices",
            paramLabel = "FILE",
            description = "The table (CSV) of the devices that may.")
    private @Nullable Path devices;

    @Option(
            names = "--approval",
            paramLabel = "WHOM",
            defaultValue = "nobody",
            description = "Whose requests without a token wait for 'certs request approve': nobody; manufactured, which"
                    + " have a certificate of --manufacturers and are not in the table; anyone. Default:"
                    + " ${DEFAULT-VALUE}.")
    private String approval = "nobody";

    @Option(
            names = "--max-waiting",
            paramLabel = "N",
            defaultValue = "100",
            description = "Requests that wait, of all devices together; default: ${DEFAULT-VALUE}.")
    private int maxWaiting;

    @Option(
            names = "--max-waiting-per-address",
            paramLabel = "N",
            defaultValue = "1",
            description = "Requests that wait, of one address; default: ${DEFAULT-VALUE}.")
    private int perAddress;

    @Option(
            names = "--waits-for-days",
            paramLabel = "DAYS",
            defaultValue = "7",
            description = "A request that nobody decided about is forgotten; default: ${DEFAULT-VALUE}.")
    private int waitsFor;

    @Override
    public void run() {
        EnrolmentRules rules = rules();
        Path path = path();
        est.require();
        if (path == null && !est.isWanted()) {
            throw Failure.usage("--signer unix:PATH, --est HOST:PORT or both: who is to ask?");
        }
        try {
            Enrolment enrolment = open(rules);
            Optional<SignerServer> signer = Optional.empty();
            Optional<CertsEst.Running> listener = Optional.empty();
            try {
                if (path != null) {
                    signer = Optional.of(SignerServer.open(path, group, enrolment, common::warn));
                }
                if (est.isWanted()) {
                    listener = Optional.of(est.open(enrolment, common));
                }
            } catch (PkiProblem | RuntimeException e) {
                signer.ifPresent(SignerServer::close);
                enrolment.close();
                throw e;
            }
            serve(enrolment, signer, listener);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private @Nullable Path path() {
        if (socket == null) {
            return null;
        }
        if (!socket.startsWith(UNIX) || socket.length() == UNIX.length()) {
            throw Failure.usage("--signer is unix:PATH, found \"" + socket + "\"");
        }
        return Path.of(socket.substring(UNIX.length()));
    }

    /** Without a broker nobody says who logged in, and what is in use would be revoked. */
    private Duration unusedFor() {
        if (socket != null) {
            return Duration.ofDays(unused == null ? UNUSED_DAYS : unused);
        }
        if (unused != null) {
            throw Failure.usage("--revoke-unused-days: without --signer no broker says who logged in");
        }
        return Duration.ofDays(validity + 1L); // after its end
    }

    /** What the options say. */
    EnrolmentRules rules() {
        if ((manufacturers == null) != (devices == null)) {
            throw Failure.usage("--manufacturers and --manufacturer-devices: give both or none");
        }
        within("--validity-days", validity, 1, 3650);
        within("--overlap-hours", overlap, 0, 8784);
        within("--revoke-unused-days", unused == null ? UNUSED_DAYS : unused, 1, 366);
        within("--renew-after-expiry-hours", afterExpiry, 0, 8784);
        within("--per-minute", perMinute, 1, 1_000_000);
        within("--per-day", perDay, 1, 100_000_000);
        ApprovalRules.Whom whom = Arrays.stream(ApprovalRules.Whom.values())
                .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(approval))
                .findFirst()
                .orElseThrow(() ->
                        Failure.usage("--approval is nobody, manufactured or anyone, found \"" + approval + "\""));
        if (whom == ApprovalRules.Whom.MANUFACTURED && manufacturers == null) {
            throw Failure.usage("--approval manufactured needs --manufacturers, which says who made a device");
        }
        within("--max-waiting", maxWaiting, 1, 10_000);
        within("--max-waiting-per-address", perAddress, 1, 10_000);
        within("--waits-for-days", waitsFor, 1, 366);
        return new EnrolmentRules(
                Duration.ofDays(validity),
                Duration.ofHours(overlap),
                unusedFor(),
                Duration.ofHours(afterExpiry),
                sameKey,
                perMinute,
                perDay,
                new ApprovalRules(whom, maxWaiting, perAddress, Duration.ofDays(waitsFor)));
    }

    private static void within(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw Failure.usage(option + " is " + least + " to " + most + ", found " + value);
        }
    }

    private Enrolment open(EnrolmentRules rules) throws PkiProblem {
        Optional<Manufacturers> makers = manufacturers == null || devices == null
                ? Optional.empty()
                : Optional.of(Manufacturers.read(manufacturers, devices));
        char[] passphrase = common.passphrase().existing(common.folder());
        try {
            Enrolment enrolment = Enrolment.open(common.folder(), passphrase, rules, makers, Clock.systemUTC());
            tellOfTornLine(enrolment);
            return enrolment;
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    /** Until the process is told to stop. */
    private void serve(Enrolment enrolment, Optional<SignerServer> signer, Optional<CertsEst.Running> listener) {
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stop.countDown();
                            awaited(stopped, TEND_SECONDS);
                        },
                        "gatehouse-stop"));
        signer.ifPresent(
                one -> say("the signer is ready: " + socket, "ready", Map.of("socket", String.valueOf(socket))));
        listener.ifPresent(one -> Signals.onHangUp(one::reload));
        listener.ifPresent(one -> say("devices enrol at port " + one.port(), "ready", Map.of("est", one.port())));
        common.out().flush();
        do {
            tend(enrolment);
            listener.ifPresent(CertsEst.Running::tend);
        } while (!awaited(stop, TEND_SECONDS));
        listener.ifPresent(CertsEst.Running::close); // first, what strangers reach
        signer.ifPresent(SignerServer::close);
        enrolment.close();
        stopped.countDown();
    }

    /** It stands for weeks, so each thing that happens is a document, in a line of its own. */
    private void say(String text, String event, Map<String, Object> about) {
        if (!common.json()) {
            common.out().println(text);
            return;
        }
        Map<String, Object> fields = new TreeMap<>(about);
        fields.put("event", event);
        common.out().println(Json.line(fields));
    }

    private void tend(Enrolment enrolment) {
        try {
            for (Inventory.Item item : enrolment.sweep()) {
                String serial = item.serial().toString(16);
                say(
                        "the certificate " + serial + " of \"" + item.id() + "\" has had its day and is revoked",
                        "revoked",
                        Map.of("serial", serial, "id", item.id()));
            }
            common.out().flush();
        } catch (PkiProblem e) {
            common.warn("certificates that had their day are not revoked yet: " + e.getMessage());
        }
        tellOfTornLine(enrolment);
    }

    /** It takes what others left: a command may be killed at any time while this stands. */
    private void tellOfTornLine(Enrolment enrolment) {
        enrolment.takeAside().ifPresent(torn -> common.warn(TornTail.setAside(torn)));
    }

    private static boolean awaited(CountDownLatch latch, int seconds) {
        try {
            return latch.await(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}

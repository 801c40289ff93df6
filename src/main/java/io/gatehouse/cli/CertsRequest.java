package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Application;
import io.gatehouse.pki.Application.Decision;
import io.gatehouse.pki.Approvals;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.PkiProblem;
import java.io.Console;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs request}: devices without a token that wait for an operator. */
@Command(
        name = "request",
        description = {
            "List, approve and refuse requests of devices that have no token and wait for an operator.",
            "A device waits only where enrolment has 'approval', or 'certs serve' --approval."
        },
        mixinStandardHelpOptions = true,
        subcommands = {CertsRequest.Listing.class, CertsRequest.Approve.class, CertsRequest.Refuse.class})
final class CertsRequest implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code certs request list}. */
    @Command(
            name = "list",
            description = "List requests that wait, and those that were decided about and not forgotten yet.",
            mixinStandardHelpOptions = true)
    static final class Listing implements Runnable {
        @Option(names = "--exit-code", description = "End with 9 if one waits: for cron and monitoring.")
        private boolean exitCode;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            List<Application> all;
            try {
                all = Approvals.view(common.folderToRead(), Clock.systemUTC().instant());
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
            long waiting = all.stream()
                    .filter(one -> one.decision() == Decision.WAITING)
                    .count();
            if (common.json()) {
                common.out()
                        .println(Json.pretty(all.stream().map(Listing::fields).toList()));
            } else {
                for (Application one : all) {
                    String maker = one.maker() == null ? "" : "  with the manufacturer's certificate " + one.maker();
                    common.out()
                            .printf(
                                    "%-8s  %-24s  from %s  since %s  until %s%s%n          key %s%n",
                                    word(one),
                                    one.id(),
                                    one.from(),
                                    one.since().truncatedTo(ChronoUnit.SECONDS),
                                    one.end().truncatedTo(ChronoUnit.SECONDS),
                                    maker,
                                    one.fingerprint());
                }
                common.out().println(waiting + (waiting == 1 ? " request waits" : " requests wait"));
            }
            if (exitCode && waiting > 0) {
                throw Failure.of(
                        CertsCommand.FINDINGS,
                        "devices wait. Decide with: gatehouse certs request approve ID, or refuse ID");
            }
        }

        private static String word(Application one) {
            return one.decision().name().toLowerCase(Locale.ROOT);
        }

        private static Map<String, Object> fields(Application one) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("id", one.id());
            fields.put("state", word(one));
            fields.put("fingerprint", one.fingerprint());
            fields.put("from", one.from());
            if (one.maker() != null) {
                fields.put("manufacturerCertificate", one.maker());
            }
            fields.put("since", one.since().toString());
            fields.put("end", one.end().toString());
            return fields;
        }
    }

    /** Which request, and which key: what is decided about is what was looked at. */
    static final class Which {
        @Parameters(paramLabel = "ID", description = "The device, as 'certs request list' names it.")
        private String id = "";

        @Option(
                names = "--fingerprint",
                paramLabel = "SHA256",
                description = "Of the key that is decided about; without it you are asked, on a terminal. A device"
                        + " prints it with: openssl pkey -in key.pem -pubout -outform DER | openssl dgst -sha256")
        private @Nullable String fingerprint;

        String id() {
            return id;
        }

        /** What the operator decides, with the authority open. */
        @FunctionalInterface
        interface Deed {
            void on(Authority authority, String fingerprint) throws PkiProblem;
        }

        /** Decides about the key that the operator means, and reports it. */
        void decide(CertsCommon common, String question, String state, Deed deed, String said, String next) {
            try (CertsReport report = common.report()) {
                String key = fingerprint(common, question);
                try (Authority authority = common.unlock()) {
                    deed.on(authority, key);
                }
                report.put("id", id);
                report.put("state", state);
                report.put("fingerprint", key);
                report.say(state + ": " + said);
                report.next(next);
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }

        /** The key that the operator means: what was given, or what is shown now and confirmed. */
        private String fingerprint(CertsCommon common, String question) throws PkiProblem {
            if (fingerprint != null) {
                return fingerprint;
            }
            Optional<Application> one = Approvals.view(
                            common.folder(), Clock.systemUTC().instant())
                    .stream()
                    .filter(known -> known.id().equals(id) && known.decision() != Decision.REFUSED)
                    .findFirst();
            if (one.isEmpty()) {
                throw Failure.of(5, "no request of \"" + id + "\" waits");
            }
            String shown = one.get().fingerprint();
            Console console = Terminal.console()
                    .orElseThrow(() -> Failure.usage(
                            "no terminal to ask on. Compare the key with the device's, and give it: --fingerprint "
                                    + shown));
            String typed = console.readLine(
                    "%s asks from %s with the key%n  %s%n%s [y/N] ",
                    id, one.get().from(), shown, question);
            if (!"y".equalsIgnoreCase(Objects.requireNonNullElse(typed, "").trim())) {
                throw Failure.usage("nothing was decided");
            }
            return shown;
        }
    }

    /** {@code certs request approve}. */
    @Command(
            name = "approve",
            description = "Approve a request: the device gets its certificate when it asks again, with the same key.",
            mixinStandardHelpOptions = true)
    static final class Approve implements Runnable {
        @Mixin
        private Which which = new Which();

        @Option(
                names = "--ttl",
                paramLabel = CertsTime.LABEL,
                converter = CertsTime.class,
                defaultValue = "7d",
                description =
                        "How long the device may take until it asks again: 7 (days), 7d, 12h; default: ${DEFAULT-VALUE}.")
        private Duration time = CertsToken.WEEK;

        @Option(
                names = "--replace",
                description = "Also if the device has a certificate that is valid: it lost its key, say.")
        private boolean replace;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            CertsTime.require("--ttl", time, Duration.ofHours(1), Duration.ofDays(365));
            which.decide(
                    common,
                    "Is that the device's key?",
                    "approved",
                    (authority, key) -> new Approvals(authority).approve(which.id(), key, replace, time),
                    "\"" + which.id() + "\" gets its certificate when it asks again, within " + CertsTime.print(time),
                    "gatehouse certs list --state pending shows it; its first login makes it active");
        }
    }

    /** {@code certs request refuse}. */
    @Command(
            name = "refuse",
            description = "Refuse a request, or take an approval back. The device is told; its id is free for another.",
            mixinStandardHelpOptions = true)
    static final class Refuse implements Runnable {
        @Mixin
        private Which which = new Which();

        @Option(
                names = "--for",
                paramLabel = CertsTime.LABEL,
                converter = CertsTime.class,
                defaultValue = "7d",
                description = "How long this key is refused: 7 (days), 7d, 12h; default: ${DEFAULT-VALUE}.")
        private Duration time = CertsToken.WEEK;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            CertsTime.require("--for", time, Duration.ofHours(1), Duration.ofDays(365));
            which.decide(
                    common,
                    "Refuse it?",
                    "refused",
                    (authority, key) -> new Approvals(authority).refuse(which.id(), key, time),
                    "the key that asked for \"" + which.id() + "\", for " + CertsTime.print(time),
                    "gatehouse certs request list shows what else waits");
        }
    }
}

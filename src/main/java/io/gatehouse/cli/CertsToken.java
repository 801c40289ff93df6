package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Fleet;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.ProfileBook;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code certs token}: tokens with which devices enrol. */
@Command(
        name = "token",
        description = "Make, list and take back tokens with which a device may enrol once. Only hashes are kept.",
        mixinStandardHelpOptions = true,
        subcommands = {CertsToken.New.class, CertsToken.Listing.class, CertsToken.Revoke.class})
final class CertsToken implements Runnable {
    static final Duration WEEK = Duration.ofDays(7);

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code certs token new}. */
    @Command(
            name = "new",
            description = {
                "Make a token for a device; it is printed, once.",
                "With --count a token for each device of a table, into another table."
            },
            mixinStandardHelpOptions = true)
    static final class New implements Runnable {
        @Parameters(paramLabel = "ID", arity = "0..1", description = "The device it is for.")
        private @Nullable String id;

        @Option(
                names = "--count",
                paramLabel = "TABLE",
                description =
                        "A token for each device of this table (CSV with a column id, as of certs batch) instead; it is"
                                + " judged whole before one is made. With --out.")
        private @Nullable Path table;

        @Option(
                names = {"-o", "--out"},
                paramLabel = "FILE.csv",
                description = "Where the tokens of --count go: a table (id, token, end; 0600).")
        private @Nullable Path out;

        @Option(
                names = "--qr",
                paramLabel = "FILE.png",
                description =
                        "Write it as a QR code, 0600, instead of printing it: the id and the token, with --url as a URL."
                                + " - draws it on the terminal.")
        private @Nullable Path picture;

        @Mixin
        private CertsTicket ticket = new CertsTicket();

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            Duration time = ticket.time();
            String one = id;
            if ((one == null) == (table == null)) {
                throw Failure.usage("name a device, or a table of them with --count");
            }
            if ((table == null) != (out == null)) {
                throw Failure.usage("--count and --out: give both or none");
            }
            if (ticket.hasUrl() && picture == null) {
                throw Failure.usage("--url is for --qr");
            }
            if (table != null && picture != null) {
                throw Failure.usage("--qr: a picture holds one token, and --count makes many");
            }
            try (CertsReport report = common.report()) {
                if (table != null && out != null) {
                    many(table, out, time, report);
                } else if (one != null && picture != null) {
                    ticket.make(one, picture, common, report);
                } else if (one != null) {
                    print(one, time, report);
                }
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }

        private void many(Path from, Path to, Duration time, CertsReport report) throws PkiProblem {
            Fleet fleet = Fleet.read(from, null, ProfileBook.of(common.folder()));
            fleet.requireGood();
            CertsTokenTable.requirePlace(to);
            try (Authority authority = common.open()) {
                CertsTokenTable.write(authority, fleet, to, time, common, report);
            }
        }

        private void print(String device, Duration time, CertsReport report) throws PkiProblem {
            String token;
            Instant end = Clock.systemUTC().instant().plus(time).truncatedTo(ChronoUnit.SECONDS);
            try (Authority authority = common.open()) {
                authority.requirePassphrase();
                CertsTicket.tellOfOthers(authority, device, common, report);
                token = authority.token(device, time);
            }
            report.put("id", device);
            report.put("end", end.toString());
            report.put("token", token);
            report.say(token);
            common.hint("give it to \"" + device + "\" before " + CertsTime.print(time)
                    + " are over; it is not shown again");
        }
    }

    /** {@code certs token list}. */
    @Command(name = "list", description = "List tokens that can be used.", mixinStandardHelpOptions = true)
    static final class Listing implements Runnable {
        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try {
                Instant now = Clock.systemUTC().instant();
                List<Inventory.Token> tokens = Authority.view(common.folderToRead()).tokens().stream()
                        .filter(token -> token.usable(now))
                        .toList();
                if (common.json()) {
                    common.out()
                            .println(Json.pretty(tokens.stream()
                                    .map(token -> Map.of(
                                            "id", token.id(), "end", token.end().toString()))
                                    .toList()));
                } else {
                    tokens.forEach(token -> common.out().printf("%-24s  until %s%n", token.id(), token.end()));
                    common.out().println(tokens.size() + (tokens.size() == 1 ? " token" : " tokens"));
                    common.out().println("next: gatehouse certs token new ID -d " + common.folder());
                }
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }

    /** {@code certs token revoke}. */
    @Command(name = "revoke", description = "Take back a device's tokens.", mixinStandardHelpOptions = true)
    static final class Revoke implements Runnable {
        @Parameters(paramLabel = "ID", description = "The device.")
        private String id = "";

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try (CertsReport report = common.report();
                    Authority authority = common.unlock()) {
                int count = authority.revokeTokens(id);
                if (count == 0) {
                    throw Failure.of(5, "\"" + id + "\" has no token that can be used");
                }
                report.put("id", id);
                report.put("revoked", count);
                report.say("took back " + count + (count == 1 ? " token" : " tokens") + " of \"" + id + "\"");
                report.next("gatehouse certs token list -d " + common.folder());
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }
}

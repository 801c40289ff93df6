package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.EnrolmentTicket;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code certs token new}. */
    @Command(name = "new", description = "Make a token; it is printed, once.", mixinStandardHelpOptions = true)
    static final class New implements Runnable {
        @Parameters(paramLabel = "ID", description = "The device it is for.")
        private String id = "";

        @Option(
                names = "--ttl",
                paramLabel = "DAYS",
                defaultValue = "7",
                description = "Default: ${DEFAULT-VALUE} days.")
        private int days = 7;

        @Option(
                names = "--qr",
                paramLabel = "FILE.png",
                description =
                        "Write it as a QR code, 0600, instead of printing it: the id and the token, with --url as a URL.")
        private @Nullable Path picture;

        @Option(
                names = "--url",
                paramLabel = "URL",
                description = "Where devices enrol, such as https://mqtt.example.com:8943; for --qr.")
        private @Nullable String url;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            if (days < 1 || days > 365) {
                throw Failure.usage("--ttl is 1 to 365 days, found " + days);
            }
            if (url != null && picture == null) {
                throw Failure.usage("--url is for --qr");
            }
            try {
                if (url != null) {
                    EnrolmentTicket.of(id, "", Optional.of(url)); // before there is a token to lose
                }
                String token;
                try (Authority authority = common.open()) {
                    token = authority.token(id, Duration.ofDays(days));
                }
                if (picture == null) {
                    common.out().println(token);
                } else {
                    write(picture, EnrolmentTicket.of(id, token, Optional.ofNullable(url)));
                }
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }

        private void write(Path file, EnrolmentTicket ticket) throws PkiProblem {
            try {
                AtomicFiles.writePrivate(file, ticket.png());
            } catch (IOException e) {
                throw Failure.of(
                        1,
                        file + ": cannot be written: " + e.getMessage() + ". Take the token back: gatehouse certs token"
                                + " revoke " + id + " -d " + common.folder());
            }
            common.out().println("wrote " + file + " (0600: who reads it can enrol as \"" + id + "\", once)");
            common.out().println("next: print it, then remove it; the device enrols within " + days + " days");
        }
    }

    /** {@code certs token list}. */
    @Command(name = "list", description = "List tokens that can be used.", mixinStandardHelpOptions = true)
    static final class Listing implements Runnable {
        @Option(names = "--json", description = "As JSON.")
        private boolean json;

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            try {
                Instant now = Clock.systemUTC().instant();
                List<Inventory.Token> tokens = Authority.view(common.folder()).tokens().stream()
                        .filter(token -> token.usable(now))
                        .toList();
                if (json) {
                    common.out()
                            .println(Json.pretty(tokens.stream()
                                    .map(token -> Map.of(
                                            "id", token.id(), "end", token.end().toString()))
                                    .toList()));
                } else {
                    tokens.forEach(token -> common.out().printf("%-24s  until %s%n", token.id(), token.end()));
                    common.out().println(tokens.size() + (tokens.size() == 1 ? " token" : " tokens"));
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
            try (Authority authority = common.open()) {
                int count = authority.revokeTokens(id);
                if (count == 0) {
                    throw Failure.of(5, "\"" + id + "\" has no token that can be used");
                }
                common.out().println("took back " + count + (count == 1 ? " token" : " tokens") + " of \"" + id + "\"");
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.json.Json;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.PkiProblem;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

        @Mixin
        private CertsCommon common = new CertsCommon();

        @Override
        public void run() {
            if (days < 1 || days > 365) {
                throw Failure.usage("--ttl is 1 to 365 days, found " + days);
            }
            try (Authority authority = common.open()) {
                common.out().println(authority.token(id, Duration.ofDays(days)));
            } catch (PkiProblem e) {
                throw CertsCommand.failure(e);
            }
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

package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.EnrolmentTicket;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.PkiProblem;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * A new token as a QR code, of {@code token new --qr} and of {@code export --format qr}. It is a secret: in a file it is
 * 0600, and it is shown on a terminal and nowhere else.
 */
final class CertsTicket {
    /** In the place of a file. */
    private static final Path SCREEN = Path.of("-");

    private static final Duration SHORTEST = Duration.ofHours(1);
    private static final Duration LONGEST = Duration.ofDays(365);

    @Option(
            names = "--ttl",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            description = "How long the token can be used: 7 (days), 7d, 12h, 2w; default: 7d.")
    private @Nullable Duration time;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Where devices enrol, such as https://mqtt.example.com:8943; for the QR code.")
    private @Nullable String url;

    /** How long the token is good for. */
    Duration time() {
        Duration said = Objects.requireNonNullElse(time, CertsToken.WEEK);
        requireTime(said);
        return said;
    }

    static void requireTime(Duration time) {
        CertsTime.require("--ttl", time, SHORTEST, LONGEST);
    }

    boolean hasUrl() {
        return url != null;
    }

    /** Whether an option says something of a ticket. */
    boolean isSaid() {
        return url != null || time != null;
    }

    /** Makes a token, and puts it where it is to be: what could go wrong is tried before there is a token to lose. */
    void make(String id, Path place, CertsCommon common, CertsReport report) throws PkiProblem {
        Duration time = time();
        EnrolmentTicket.require(id, Optional.ofNullable(url));
        Optional<Console> screen = place.equals(SCREEN) ? Optional.of(screen(common)) : Optional.empty();
        Instant end = Clock.systemUTC().instant().plus(time).truncatedTo(ChronoUnit.SECONDS);
        String token;
        try (Authority authority = common.open()) {
            authority.requirePassphrase();
            if (screen.isEmpty()) {
                prepare(place, authority.folder().outputOf(id));
            }
            tellOfOthers(authority, id, common, report);
            token = authority.token(id, time);
        }
        report.put("id", id);
        report.put("end", end.toString());
        EnrolmentTicket ticket = EnrolmentTicket.of(id, token, Optional.ofNullable(url));
        if (screen.isPresent()) {
            screen.get().writer().println(ticket.blocks());
            screen.get().flush();
            report.say("who reads it can enrol as \"" + id + "\", once; it is not shown again");
            report.next("scan it and clear the screen; the device enrols within " + CertsTime.print(time));
            return;
        }
        try {
            AtomicFiles.writePrivate(place, ticket.png());
        } catch (IOException e) {
            throw Failure.of(
                    1,
                    place + ": cannot be written: " + FileFault.why(e) + ". Take the token back: gatehouse certs token"
                            + " revoke " + id + " -d " + common.folder());
        }
        report.wrote(place, "0600: who reads it can enrol as \"" + id + "\", once");
        report.next("print it, then remove it; the device enrols within " + CertsTime.print(time));
    }

    /** A new token takes none back: whoever has one of them can enrol too. */
    static void tellOfOthers(Authority authority, String id, CertsCommon common, CertsReport report) {
        Instant now = Clock.systemUTC().instant();
        long others = authority.inventory().tokens().stream()
                .filter(token -> token.id().equals(id) && token.usable(now))
                .count();
        report.put("otherTokens", others);
        if (others > 0) {
            common.warn("\"" + id + "\" has " + others + (others == 1 ? " other token" : " other tokens")
                    + " that can still be used; gatehouse certs token revoke " + id + " -d " + common.folder()
                    + " takes all of them back");
        }
    }

    /** A device that has nothing yet has no folder either; those of others are theirs to make. */
    private static void prepare(Path place, Path own) {
        if (own.equals(place.getParent())) {
            try {
                AtomicFiles.makePrivateFolder(own);
            } catch (IOException e) {
                throw Failure.of(1, own + ": cannot be made: " + FileFault.why(e));
            }
        }
        CertsTokenTable.requireFolder(place);
    }

    /** A file or a pipe keeps what it is given, and a log is read by others. */
    private static Console screen(CertsCommon common) {
        if (common.json()) {
            throw Failure.usage("-: a picture is no JSON; name a file");
        }
        Console console = Terminal.console()
                .orElseThrow(() ->
                        Failure.usage("-: a token is shown on a terminal only, not to a file or a pipe. Name a file"));
        if (!console.charset().newEncoder().canEncode(EnrolmentTicket.INK)) {
            throw Failure.usage("-: the terminal's character set, " + console.charset()
                    + ", has nothing to draw with. Set LANG=C.UTF-8, or name a file");
        }
        return console;
    }
}

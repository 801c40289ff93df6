package io.gatehouse.cli;

import io.gatehouse.pki.Inspection;
import io.gatehouse.pki.JournalCheck;
import io.gatehouse.pki.Lint;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs verify}: whether a certificate would be accepted, and if not, which rule it breaks. */
@Command(
        name = "verify",
        description = {
            "Say whether a certificate would be accepted, and which rule it breaks if not.",
            "Of a certificate that the authority in --dir issued, its journal says whether it is revoked or on hold."
        },
        mixinStandardHelpOptions = true)
final class CertsVerify implements Runnable {
    @Parameters(paramLabel = "FILE", description = "The certificate, with what is sent along.")
    private Path file = Path.of("");

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "The authorities to trust; default: the root of the authority in --dir.")
    private @Nullable Path ca;

    @Option(
            names = "--crl",
            paramLabel = "FILE",
            description = "A revocation list, PEM or DER, that has to be good and must not name it; repeat for more.")
    private List<Path> lists = List.of();

    @Option(names = "--strict", description = "Hold it to the rules of certs lint as well.")
    private boolean strict;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Option(
            names = "--as",
            paramLabel = "client|server",
            description = "What it is used for; default: client, and server with --host.")
    private @Nullable String use;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The name or address that a server must have; it is judged as a server's.")
    private @Nullable String host;

    @Override
    public void run() {
        String as = use != null ? use : host != null ? "server" : "client";
        if (!as.equals("client") && !as.equals("server")) {
            throw Failure.usage("--as is client or server, found \"" + as + "\"");
        }
        if (as.equals("client") && host != null) {
            throw Failure.usage(
                    "--host is the name of a server, and --as client judges it as a client's; give one of them");
        }
        try (CertsReport report = common.report()) {
            Path trusted = ca != null ? ca : common.places().trustedRoot();
            Instant now = Clock.systemUTC().instant();
            List<String> broken = new ArrayList<>(
                    Inspection.verify(file, trusted, as.equals("server"), Optional.ofNullable(host), now));
            broken.addAll(Inspection.revoked(file, trusted, lists, now));
            broken.addAll(JournalCheck.of(common.folderToRead(), file));
            if (strict) {
                Lint.of(Pem.certificates(file).get(0))
                        .forEach(lint ->
                                broken.add(lint.id() + ": not so: " + lint.rule() + " (" + lint.clause() + ")"));
            }
            report.put("file", file.toString());
            report.put("as", as);
            report.put("accepted", broken.isEmpty());
            report.put("broken", broken);
            if (!broken.isEmpty()) {
                throw Failure.of(4, file + ": " + String.join("; ", broken));
            }
            report.say(file + ": accepted as a " + as + "'s certificate");
            report.next("gatehouse certs inspect " + file);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

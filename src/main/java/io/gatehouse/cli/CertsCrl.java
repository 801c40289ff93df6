package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.ListCheck;
import io.gatehouse.pki.PkiProblem;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs crl}: fresh revocation lists. */
@Command(
        name = "crl",
        description = "Sign and write fresh revocation lists, DER and PEM, of both authorities. Run it daily.",
        mixinStandardHelpOptions = true)
final class CertsCrl implements Runnable {
    @Option(
            names = "--validity",
            paramLabel = "DAYS",
            defaultValue = "7",
            description = "Days until the next list is due; default: ${DEFAULT-VALUE}.")
    private int days = 7;

    @Option(
            names = "--check",
            description =
                    "Sign nothing: look whether the lists that are there say what the journal says, and hold for a day"
                            + " more. Ends with 9 if not; needs no passphrase.")
    private boolean check;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (days < 1 || days > 365) {
            throw Failure.usage("--validity is 1 to 365 days, found " + days);
        }
        if (check) {
            check();
            return;
        }
        try (Authority authority = common.open()) {
            authority
                    .publishRevocations(Duration.ofDays(days))
                    .forEach(file -> common.out().println("wrote " + file));
            common.out()
                    .println("next: in gatehouse.yaml, tls: {crl: "
                            + common.places().revocationListPem("device") + "}");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private void check() {
        try {
            List<String> findings =
                    ListCheck.of(common.folder(), Clock.systemUTC().instant(), Duration.ofDays(1));
            findings.forEach(common.out()::println);
            if (!findings.isEmpty()) {
                throw Failure.of(CertsCommand.FINDINGS, findings.size() + " to be mended in " + common.folder());
            }
            common.out().println(common.folder() + ": the lists say what the journal says");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

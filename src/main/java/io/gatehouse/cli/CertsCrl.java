package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.PkiProblem;
import java.time.Duration;
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

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (days < 1 || days > 365) {
            throw Failure.usage("--validity is 1 to 365 days, found " + days);
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
}

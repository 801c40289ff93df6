package io.gatehouse.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code certs rekey}: the next certificate of a holder, with a new key. */
@Command(
        name = "rekey",
        description =
                "Make a new key and certificate for a holder. The old one is accepted until it ends, or is revoked.",
        mixinStandardHelpOptions = true)
final class CertsRekey implements Runnable {
    @Mixin
    private CertsRenewing renewing = new CertsRenewing();

    @Override
    public void run() {
        renewing.run(false);
    }
}

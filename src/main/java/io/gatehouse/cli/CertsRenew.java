package io.gatehouse.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs renew}: the next certificate of a holder. */
@Command(
        name = "renew",
        description =
                "Make the next certificate of a holder, with a new key unless told otherwise. The old one is accepted until it ends, or is revoked.",
        mixinStandardHelpOptions = true)
final class CertsRenew implements Runnable {
    @Mixin
    private CertsRenewing renewing = new CertsRenewing();

    @Option(names = "--same-key", description = "Certify the old key again; for keys that their holder made and keeps.")
    private boolean sameKey;

    @Option(names = "--rekey", description = "Make a new key, which is the default; as certs rekey does.")
    private boolean newKey;

    @Override
    public void run() {
        if (sameKey && newKey) {
            throw Failure.usage("--same-key and --rekey: give one of them");
        }
        renewing.run(sameKey);
    }
}

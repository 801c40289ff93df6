package io.gatehouse.cli;

import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Backup;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code certs backup}: an authority in one encrypted file. */
@Command(
        name = "backup",
        description =
                "Write the authority's keys, certificates, profiles and journal into one file, encrypted with its passphrase.",
        mixinStandardHelpOptions = true)
final class CertsBackup implements Runnable {
    @Parameters(paramLabel = "FILE", description = "A file that is not there yet.")
    private Path file = Path.of("");

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        try (CertsReport report = common.report()) {
            char[] passphrase = common.passphrase().existing(common.folder());
            try (Authority authority = common.open(passphrase)) {
                authority.requirePassphrase();
                Backup.write(authority, file, passphrase);
            }
            report.wrote(file);
            report.next("keep it and the passphrase in different places; gatehouse certs restore " + file);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

package io.gatehouse.cli;

import io.gatehouse.pki.Backup;
import io.gatehouse.pki.PkiProblem;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code certs restore}: an authority back from a backup. */
@Command(
        name = "restore",
        description = "Write an authority back from a backup, into a folder that holds none.",
        mixinStandardHelpOptions = true)
final class CertsRestore implements Runnable {
    @Parameters(paramLabel = "FILE", description = "The backup.")
    private Path file = Path.of("");

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        try (CertsReport report = common.report()) {
            var inventory =
                    Backup.restore(file, common.folder(), common.passphrase().existing(common.folder()));
            report.put("folder", common.folder().toString());
            report.put("organisation", inventory.organisation());
            report.put("certificates", inventory.items().size());
            report.say("restored the authority of \"" + inventory.organisation() + "\" with "
                    + inventory.items().size() + " certificates into " + common.folder());
            report.next("gatehouse certs doctor -d " + common.folder());
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

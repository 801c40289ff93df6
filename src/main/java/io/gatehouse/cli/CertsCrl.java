package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.ListCheck;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.PkiProblem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code certs crl}: fresh revocation lists. */
@Command(
        name = "crl",
        description = "Sign and write fresh revocation lists, DER and PEM, of both authorities. Run it daily.",
        mixinStandardHelpOptions = true)
final class CertsCrl implements Runnable {
    private static final Pattern ENDINGS = Pattern.compile("\\.(pem|der|crl)$");

    @Option(
            names = "--validity",
            paramLabel = CertsTime.LABEL,
            converter = CertsTime.class,
            defaultValue = "7d",
            description = "Until the next list is due: 7 (days), 7d, 36h; default: ${DEFAULT-VALUE}.")
    private Duration validity = Authority.LIST_VALIDITY;

    @Option(
            names = "--check",
            description =
                    "Sign nothing: look whether the lists that are there say what the journal says, and hold for a day"
                            + " more. Ends with 9 if not; needs no passphrase.")
    private boolean check;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            split = ",",
            description =
                    "Write the list of --for here too, such as f.pem,f.der: the ending says the form, .pem, or .der or .crl for"
                            + " DER.")
    private List<Path> out = List.of();

    @Option(
            names = "--for",
            paramLabel = "devices|servers",
            defaultValue = "devices",
            description = "Whose list goes to --out; default: ${DEFAULT-VALUE}, which is what brokers read.")
    private String whose = "devices";

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        CertsTime.require("--validity", validity, Duration.ofHours(1), Duration.ofDays(365));
        if (!whose.equals("devices") && !whose.equals("servers")) {
            throw Failure.usage("--for is devices or servers, found \"" + whose + "\"");
        }
        for (Path file : out) {
            if (!ENDINGS.matcher(file.toString()).find()) {
                throw Failure.usage("--out " + file + ": is named .pem, or .der or .crl for DER, as its form is to be");
            }
            if (!check) {
                CertsTokenTable.requireFolder(file);
            }
        }
        if (check) {
            if (!out.isEmpty()) {
                throw Failure.usage("--check and --out: a check writes nothing");
            }
            check();
            return;
        }
        try (CertsReport report = common.report();
                Authority authority = common.unlock()) {
            List<Inventory.Item> overlapped = authority.revokeOverlapped();
            overlapped.forEach(item -> report.say("revoked " + item.profile().word() + " \"" + item.id() + "\", serial "
                    + item.serial().toString(16) + ": its time beside its successor is over"));
            report.put("revoked", overlapped.stream().map(CertsChosen::fields).toList());
            authority.publishRevocations(validity).forEach(report::wrote);
            copy(report);
            report.put("nextUpdate", Clock.systemUTC().instant().plus(validity).toString());
            report.next("in gatehouse.yaml, tls: {crl: " + common.places().revocationListPem("device") + "}");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    private void copy(CertsReport report) throws PkiProblem {
        String kind = whose.equals("devices") ? "device" : "server";
        for (Path file : out) {
            Path list = file.toString().endsWith(".pem")
                    ? common.places().revocationListPem(kind)
                    : common.places().revocationList(kind);
            try {
                AtomicFiles.install(file, Pem.bytes(list), false);
            } catch (IOException e) {
                throw Failure.of(1, file + ": cannot be written: " + FileFault.why(e));
            }
            report.wrote(file, whose);
        }
    }

    private void check() {
        try (CertsReport report = common.report()) {
            List<String> findings =
                    ListCheck.of(common.folderToRead(), Clock.systemUTC().instant(), Duration.ofDays(1));
            findings.forEach(report::say);
            report.put("findings", findings);
            if (!findings.isEmpty()) {
                throw Failure.of(CertsCommand.FINDINGS, findings.size() + " to be mended in " + common.folder());
            }
            report.say(common.folder() + ": the lists say what the journal says");
            report.next("the same tomorrow, from cron, with gatehouse certs crl before it");
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }
}

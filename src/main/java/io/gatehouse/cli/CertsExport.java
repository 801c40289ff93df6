package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Export;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs export}: a holder's key and certificates in another form. */
@Command(
        name = "export",
        description = "Write a holder's key and certificates in the form another program reads.",
        mixinStandardHelpOptions = true)
final class CertsExport implements Runnable {
    @Parameters(paramLabel = "ID", description = "Whose; found in out/ID of the authority's folder.")
    private String id = "";

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORM",
            required = true,
            description =
                    "pem (all in one), der (certificate), pkcs8 (key), p12, p12-compat (old readers), jks, zip, header (C, for"
                            + " ESP-IDF), arduino (C++), esp-nvs (table for ESP-IDF's NVS partition generator).")
    private String word = "";

    @Option(names = "--from", paramLabel = "DIR", description = "Another folder with cert.pem, key.pem and ca.pem.")
    private @Nullable Path from;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Default: beside its files, named after the holder.")
    private @Nullable Path out;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "The password of p12 and jks: the first line of a file only its owner reads. Default: a new one is"
                            + " made and written beside, 0600.")
    private @Nullable Path passwordFile;

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        Export.Format format = Export.Format.ofWord(word)
                .orElseThrow(() -> Failure.usage("unknown form \"" + word + "\"; there are " + Export.Format.words()));
        Path folder = from != null ? from : common.places().outputOf(id);
        Path file = out != null ? out : folder.resolve(format.fileName(id));
        try (CertsReport report = common.report()) {
            char[] password = format.hasPassword() ? password(file, report) : new char[0];
            byte[] bytes = Export.of(folder).as(format, id, password);
            if (format.isSecret()) {
                AtomicFiles.writePrivate(file, bytes);
            } else {
                AtomicFiles.writePublic(file, bytes);
            }
            report.put("id", id);
            report.put("format", format.word());
            report.wrote(file, format.isSecret() ? "0600: it holds the key" : "");
            if (format == Export.Format.P12_COMPAT) {
                common.warn("p12-compat is protected by triple DES and SHA-1; use p12 wherever it is read");
            }
            report.next("gatehouse certs inspect " + folder.resolve("cert.pem"));
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        } catch (IOException e) {
            throw Failure.of(1, file + ": cannot be written: " + e.getMessage());
        }
    }

    private char[] password(Path file, CertsReport report) throws PkiProblem, IOException {
        if (passwordFile != null) {
            return StoredPassphrase.read(passwordFile);
        }
        Path beside = file.resolveSibling(file.getFileName() + ".password");
        char[] made = StoredPassphrase.into(beside);
        report.wrote(beside, "0600: the password");
        return made;
    }
}

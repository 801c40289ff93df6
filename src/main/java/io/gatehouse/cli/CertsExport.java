package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Export;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code certs export}: a holder's key and certificates in another form. */
@Command(
        name = "export",
        description = {
            "Write a holder's key and certificates in the form another program reads.",
            "--format qr needs neither: it makes a new token with which the device enrols by itself, once, and writes that"
                    + " as a QR code. The same as certs token new ID --qr FILE."
        },
        mixinStandardHelpOptions = true)
final class CertsExport implements Runnable {
    /** Not one of {@link Export.Format}: it holds a token, and nothing of what was issued. */
    private static final String TICKET = "qr";

    @Parameters(paramLabel = "ID", description = "Whose; found in out/ID of the authority's folder.")
    private String id = "";

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORM",
            required = true,
            description =
                    "pem (all in one), der (certificate), pkcs8 (key), p12, p12-compat (old readers), jks, zip, header (C, for"
                            + " ESP-IDF), arduino (C++), esp-nvs (table for ESP-IDF's NVS partition generator); qr (PNG): a new"
                            + " enrolment token, no key; with --ttl and --url.")
    private String word = "";

    @Option(names = "--from", paramLabel = "DIR", description = "Another folder with cert.pem, key.pem and ca.pem.")
    private @Nullable Path from;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Default: beside its files, named after the holder. - draws a qr on the terminal.")
    private @Nullable Path out;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "The password of p12 and jks: the first line of a file only its owner reads. Default: a new one is"
                            + " made and written beside, 0600.")
    private @Nullable Path passwordFile;

    @Mixin
    private CertsTicket ticket = new CertsTicket();

    @Mixin
    private CertsCommon common = new CertsCommon();

    @Override
    public void run() {
        if (word.equals(TICKET)) {
            ticket();
            return;
        }
        if (ticket.isSaid()) {
            throw Failure.usage("--ttl and --url are for --format " + TICKET);
        }
        Export.Format format = Export.Format.ofWord(word)
                .orElseThrow(() -> Failure.usage(
                        "unknown form \"" + word + "\"; there are " + Export.Format.words() + ", " + TICKET));
        Path folder = from != null ? from : common.places().outputOf(id);
        Path file = out != null ? out : folder.resolve(format.fileName(id));
        try (CertsReport report = common.report()) {
            Export export = Export.of(folder);
            boolean makes = format.hasPassword() && passwordFile == null;
            char[] password = password(format);
            byte[] bytes = export.as(format, id, password);
            if (format.isSecret()) {
                AtomicFiles.writePrivate(file, bytes);
            } else {
                AtomicFiles.writePublic(file, bytes);
            }
            report.put("id", id);
            report.put("format", format.word());
            report.wrote(file, format.isSecret() ? "0600: it holds the key" : "");
            if (makes) { // after it: where that cannot be written, what was there keeps the password that opens it
                report.wrote(writePassword(file, password), "0600: the password");
            }
            if (format == Export.Format.P12_COMPAT) {
                common.warn("p12-compat is protected by triple DES and SHA-1; use p12 wherever it is read");
            }
            report.next("gatehouse certs inspect " + folder.resolve("cert.pem"));
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        } catch (IOException e) {
            throw Failure.of(1, file + ": cannot be written: " + FileFault.why(e));
        }
    }

    /** A device that makes its own key: what it needs is the right to ask. */
    private void ticket() {
        if (from != null || passwordFile != null) {
            throw Failure.usage("--format " + TICKET + " makes a new token; --from and --password-file are of keys");
        }
        try (CertsReport report = common.report()) {
            ticket.make(id, out != null ? out : common.places().outputOf(id).resolve(id + ".png"), common, report);
            report.put("format", TICKET);
        } catch (PkiProblem e) {
            throw CertsCommand.failure(e);
        }
    }

    /** Of a form that has one; a file beside says it where it is made here. */
    private char[] password(Export.Format format) throws PkiProblem {
        if (!format.hasPassword()) {
            return new char[0];
        }
        return passwordFile == null ? StoredPassphrase.random().toCharArray() : StoredPassphrase.read(passwordFile);
    }

    private static Path writePassword(Path file, char[] password) {
        Path beside = file.resolveSibling(file.getFileName() + ".password");
        try {
            AtomicFiles.writePrivate(beside, (new String(password) + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw Failure.of(
                    1,
                    beside + ": cannot be written: " + e.getMessage() + "; without it " + file + " is of no use. Make"
                            + " room, and give the same command");
        }
        return beside;
    }
}

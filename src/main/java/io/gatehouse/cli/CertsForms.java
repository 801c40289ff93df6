package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.pki.Export;
import io.gatehouse.pki.FileFault;
import io.gatehouse.pki.Forms;
import io.gatehouse.pki.HolderFile;
import io.gatehouse.pki.Issued;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.StoredPassphrase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** In which forms besides PEM a command writes what it makes. */
final class CertsForms {
    @Option(
            names = "--format",
            paramLabel = "FORM",
            split = ",",
            description = "Also in these forms, beside key.pem, cert.pem and ca.pem: pem (all in one), der, pkcs8, p12,"
                    + " p12-compat, jks, zip, header, arduino, esp-nvs (or nvs). Such as p12,header. See certs export.")
    private List<String> words = List.of();

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "The password of p12 and jks: the first line of a file only its owner reads. Default: a new one"
                            + " is made for each and written beside, 0600.")
    private @Nullable Path passwordFile;

    private @Nullable Forms forms;

    /** Reads the options; before anything is issued. */
    Forms read(CertsCommon common) throws PkiProblem {
        Forms known = forms;
        if (known != null) {
            return known;
        }
        char[] password = passwordFile == null ? null : StoredPassphrase.read(passwordFile);
        Forms read;
        try {
            read = Forms.of(words, password);
        } catch (PkiProblem e) { // of an option, not of a file
            throw Failure.usage("--format: " + e.getMessage());
        }
        if (read.has(Export.Format.P12_COMPAT)) {
            common.warn("p12-compat is protected by triple DES and SHA-1; use p12 wherever it is read");
        }
        forms = read;
        return read;
    }

    /** Where the holder made the key, and keeps it. */
    void requireNoKey(CertsCommon common) throws PkiProblem {
        String withKey = read(common).withKey();
        if (!withKey.isEmpty()) {
            throw Failure.usage(
                    "--format " + withKey + ": the key is with its holder; der is what can be made without it");
        }
    }

    void write(CertsCommon common, Issued issued, Path folder, CertsReport report) throws PkiProblem {
        Set<String> written = new HashSet<>();
        for (HolderFile file : read(common).of(issued)) {
            Path place = folder.resolve(file.name());
            try {
                if (file.secret()) {
                    AtomicFiles.writePrivate(place, file.content());
                } else {
                    AtomicFiles.writePublic(place, file.content());
                }
            } catch (IOException e) {
                throw Failure.of(
                        1, place + ": cannot be written: " + FileFault.why(e) + "; try gatehouse certs export");
            }
            written.add(file.name());
            report.file(place);
            report.say(String.format("  %-12s %s", file.name().endsWith(".password") ? "password" : "also", place));
        }
        for (Export.Format format : Export.Format.values()) {
            String name = format.fileName(issued.id());
            if (!written.contains(name) && Files.exists(folder.resolve(name)) && written.add(name)) {
                common.warn(folder.resolve(name)
                        + " is of a certificate before this one; make it again with certs export, or" + " remove it");
            }
        }
    }
}

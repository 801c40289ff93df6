package io.gatehouse.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A certificate that was signed, with its key where the key was made here. Immutable.
 *
 * @param labels what was said of its holder with it
 * @param issuer sent along with the certificate, so that whoever trusts the root can build the path
 */
public record Issued(
        Profile profile,
        String id,
        X509Certificate certificate,
        X509Certificate issuer,
        X509Certificate root,
        Optional<PrivateKey> key,
        Labels labels) {

    /** Whether it ends with its issuing authority: nothing that is asked for goes beyond that. */
    public boolean endsWithIssuer() {
        return certificate.getNotAfter().equals(issuer.getNotAfter());
    }

    public String serial() {
        return certificate.getSerialNumber().toString(16);
    }

    /**
     * Writes {@code cert.pem} (with the issuing authority's), {@code key.pem} (0600) and {@code ca.pem} (the root): where
     * there is no room for all, the key that was there before stays.
     */
    public void writeTo(Path folder) throws IOException {
        writeTo(folder, "cert.pem", "key.pem", "ca.pem");
    }

    /**
     * Puts the certificate and its key where another program reads them, each whole or not at all. Between the two, a reader
     * finds a key that is not the certificate's, and has to keep to what it has.
     */
    public void install(Path certificateFile, Path keyFile) throws IOException {
        for (Path file : List.of(keyFile, certificateFile)) {
            AtomicFiles.makeInstallFolder(
                    Objects.requireNonNull(file.toAbsolutePath().getParent()));
        }
        if (key.isPresent()) {
            AtomicFiles.install(keyFile, Pem.of(key.get()), true);
        }
        AtomicFiles.install(certificateFile, chainPem(), false);
    }

    public void writeTo(Path folder, String certificateName, String keyName, String caName) throws IOException {
        AtomicFiles.makePrivateFolder(folder);
        List<HolderFile> files = new ArrayList<>();
        key.ifPresent(one -> files.add(new HolderFile(keyName, Pem.of(one), true)));
        files.add(new HolderFile(certificateName, chainPem(), false));
        files.add(new HolderFile(caName, rootPem(), false));
        AtomicFiles.writeTogether(folder, files);
    }

    /** The certificate and its issuer's, as they are sent in a handshake. */
    byte[] chainPem() {
        return Pem.of(certificate, issuer).getBytes(StandardCharsets.US_ASCII);
    }

    byte[] rootPem() {
        return Pem.of(root).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return profile.word() + " " + id + " " + serial();
    }
}

package io.gatehouse.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * A certificate that was signed and journalled, with its key.
 *
 * @param issuer sent along with the certificate, so that whoever trusts the root can build the path
 */
public record Issued(
        Profile profile,
        String id,
        X509Certificate certificate,
        X509Certificate issuer,
        X509Certificate root,
        PrivateKey key) {

    /** Writes {@code cert.pem} (with the issuing authority's), {@code key.pem} (0600) and {@code ca.pem} (the root). */
    public void writeTo(Path folder) throws IOException {
        writeTo(folder, "cert.pem", "key.pem", "ca.pem");
    }

    public void writeTo(Path folder, String certificateName, String keyName, String caName) throws IOException {
        AtomicFiles.makePrivateFolder(folder);
        AtomicFiles.writePrivate(folder.resolve(keyName), Pem.of(key));
        AtomicFiles.writePublic(
                folder.resolve(certificateName), Pem.of(certificate, issuer).getBytes(StandardCharsets.US_ASCII));
        AtomicFiles.writePublic(folder.resolve(caName), Pem.of(root).getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public String toString() {
        return profile.word() + " " + id + " " + certificate.getSerialNumber().toString(16);
    }
}

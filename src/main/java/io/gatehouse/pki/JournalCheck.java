package io.gatehouse.pki;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an authority on this machine has against a certificate that it issued itself: the word of its journal, as a broker that
 * the authority is attached to has it, and that of the list that it published. Stateless.
 */
public final class JournalCheck {
    private JournalCheck() {}

    /** What it has against it; empty if nothing, or if another issued the certificate. */
    public static List<String> of(Path authority, Path file) throws PkiProblem {
        AuthorityFolder folder = new AuthorityFolder(authority);
        if (!folder.isWhole()) {
            return List.of();
        }
        folder.requireTrusted();
        X509Certificate leaf = Pem.certificates(file).get(0);
        for (String kind : List.of("device", "server")) {
            if (isIssuedBy(leaf, folder.certificate(kind))) {
                return of(folder, kind, leaf);
            }
        }
        return List.of();
    }

    private static List<String> of(AuthorityFolder folder, String kind, X509Certificate leaf) throws PkiProblem {
        String serial = leaf.getSerialNumber().toString(16);
        List<String> broken = new ArrayList<>();
        Optional<Inventory.Item> item = Authority.view(folder.path()).bySerial(leaf.getSerialNumber());
        if (item.isEmpty()) {
            broken.add("CERT_UNKNOWN: signed with the key of \"" + folder.certificateOf(kind)
                    + "\", and the journal does not know " + serial);
        } else {
            Instant since = item.get().revokedAt();
            RevocationReason reason = item.get().reason();
            if (since != null && reason != null) {
                broken.add("CERT_REVOKED: " + serial + (item.get().isHeld() ? " is on hold since " : " was revoked ")
                        + since + ", " + reason.word() + ", says the journal");
            }
        }
        Path published = folder.revocationList(kind);
        if (broken.isEmpty() && Files.exists(published)) {
            X509CRL list = Contents.revocations(Pem.bytes(published))
                    .orElseThrow(() -> new PkiProblem(
                            PkiProblem.Kind.CORRUPT,
                            published + ": not a revocation list. Run: gatehouse certs crl -d " + folder.path()));
            if (list.getRevokedCertificate(leaf.getSerialNumber()) != null) {
                broken.add("CERT_REVOKED: " + published + " names " + serial
                        + ", which the journal does not. Run: gatehouse certs crl -d " + folder.path());
            }
        }
        return broken;
    }

    private static boolean isIssuedBy(X509Certificate leaf, X509Certificate issuer) {
        if (!leaf.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            leaf.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // an authority of the same name with another key
        }
    }
}

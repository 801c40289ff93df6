package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;

/** What an issuing authority has to be before it issues: certified by its root, in possession of its own key, in force. Stateless. */
final class Soundness {
    private Soundness() {}

    /** Nobody takes what a dead authority signs. */
    static void requireInForce(
            AuthorityFolder folder, Profile kind, X509Certificate issuer, X509Certificate root, Instant now)
            throws PkiProblem {
        requireInForce(folder.certificateOf("root"), root, now);
        requireInForce(folder.certificateOf(kind.word()), issuer, now);
    }

    private static void requireInForce(Path file, X509Certificate authority, Instant now) throws PkiProblem {
        Instant end = authority.getNotAfter().toInstant();
        if (now.isAfter(end)) {
            throw new PkiProblem(
                    Kind.POLICY,
                    file + ": the authority ended " + end + ", so nothing is issued by it any more. Make a new one:"
                            + " gatehouse certs init");
        }
    }

    static String missing(Path keyFile) {
        return keyFile + ": no such file, and nothing is signed without it. Restore it from a backup: gatehouse certs"
                + " restore";
    }

    static String anothers(Path keyFile, Path certificate) {
        return keyFile + ": not the key of " + certificate + ". Restore both from a backup: gatehouse certs restore";
    }

    /**
     * Opens the key of an issuing authority.
     *
     * @throws PkiProblem if the key or the certificate is another's: what it signed would be taken by nobody
     */
    static Signer.Issuer issuer(
            AuthorityFolder folder, Profile kind, X509Certificate certificate, X509Certificate root, char[] passphrase)
            throws PkiProblem {
        Path file = folder.certificateOf(kind.word());
        Path keyFile = folder.keyOf(kind.word());
        if (!Files.exists(keyFile)) {
            throw new PkiProblem(Kind.NOT_FOUND, missing(keyFile));
        }
        PrivateKey key = KeyVault.read(keyFile, passphrase);
        try {
            certificate.verify(root.getPublicKey());
            if (!KeyKind.belong(key, certificate.getPublicKey())) {
                throw new PkiProblem(Kind.CORRUPT, anothers(keyFile, file));
            }
            return Signer.Issuer.of(certificate, key);
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(
                    Kind.CORRUPT,
                    file + ": not signed by this authority's root. Restore it from a backup: gatehouse certs restore");
        }
    }
}

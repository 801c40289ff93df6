package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * A root that an organisation has already: it signs the two issuing authorities of a new authority, once. Its key is used in
 * memory and not kept. Immutable.
 */
public record ImportedRoot(X509Certificate certificate, PrivateKey key) {
    /**
     * Reads the two files.
     *
     * @param key PKCS#8 or what older programs write; encrypted if there is a passphrase
     * @param passphrase of the key; empty for one that is not encrypted
     */
    public static ImportedRoot of(Path certificate, Path key, char[] passphrase) throws PkiProblem {
        return new ImportedRoot(
                Pem.certificates(certificate).get(0),
                passphrase.length == 0 ? Export.key(key) : KeyVault.read(key, passphrase));
    }

    /** Whether it can stand above issuing authorities. */
    void require(Instant now) throws PkiProblem {
        String name = certificate.getSubjectX500Principal().getName();
        boolean[] usage = certificate.getKeyUsage();
        if (certificate.getBasicConstraints() < 0 || usage != null && !usage[5]) {
            throw refused(name, "is no authority: it may not sign certificates");
        }
        if (certificate.getBasicConstraints() == 0) {
            throw refused(name, "has path length 0, and may not stand above issuing authorities");
        }
        if (NameConstraint.isOfOtherNames(certificate)) {
            throw refused(
                    name,
                    "has name constraints of URIs or other names than hosts' and addresses, which are not judged here");
        }
        if (certificate.getNotAfter().toInstant().isBefore(now)) {
            throw refused(name, "expired " + certificate.getNotAfter().toInstant());
        }
        if (KeyKind.of(certificate.getPublicKey())
                .filter(ProfileBook.builtIn().of(ProfileKind.ROOT).accepts()::contains)
                .isEmpty()) {
            throw refused(
                    name,
                    "has a key that authorities do not have here: " + Curves.describe(certificate.getPublicKey()));
        }
        if (!KeyKind.belong(key, certificate.getPublicKey())) {
            throw new PkiProblem(Kind.INPUT, "the key is not that of the root \"" + Profile.shown(name) + "\"");
        }
    }

    private static PkiProblem refused(String name, String why) {
        return new PkiProblem(Kind.POLICY, "the root \"" + Profile.shown(name) + "\" " + why);
    }

    @Override
    public String toString() {
        return "root " + certificate.getSubjectX500Principal();
    }
}

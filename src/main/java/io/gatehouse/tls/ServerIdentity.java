package io.gatehouse.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whom a listener says it is: a certificate with its chain, and the key that goes with it. Immutable; any thread.
 *
 * @param chain the server's certificate first
 */
record ServerIdentity(Path file, List<X509Certificate> chain, PrivateKey key) {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final int DNS = 2;
    private static final int ADDRESS = 7;

    /**
     * Reads certificate and key, and checks that a client can make something of them.
     *
     * @param names what clients call this server; the certificate must hold each
     * @throws UnusableTls naming the file and the mend
     */
    static ServerIdentity load(Path certificate, Path key, List<String> names, Instant now) throws UnusableTls {
        ServerIdentity identity = read(certificate, key);
        identity.requirePair(key);
        identity.requireChain();
        identity.requireFit(now);
        for (String name : names) {
            if (!identity.covers(name)) {
                throw new UnusableTls(certificate + ": does not hold the name \"" + name + "\", only "
                        + identity.names() + ". Make one that does: gatehouse certs server --dns " + name);
            }
        }
        return identity;
    }

    /** Reads them, fit or not. */
    static ServerIdentity read(Path certificate, Path key) throws UnusableTls {
        return new ServerIdentity(certificate, PemFiles.certificates(certificate), PemFiles.key(key));
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    /** Who issued it, if the file says so. */
    @Nullable
    X509Certificate issuer() {
        return chain.size() > 1 ? chain.get(1) : null;
    }

    private void requirePair(Path keyFile) throws UnusableTls {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> "EdDSA";
        };
        try {
            byte[] probe = {1, 2, 3, 4};
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            byte[] signed = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate().getPublicKey());
            verifier.update(probe);
            if (!verifier.verify(signed)) {
                throw new UnusableTls(keyFile + ": not the key of " + file);
            }
        } catch (GeneralSecurityException e) {
            throw new UnusableTls(keyFile + ": not the key of " + file);
        }
    }

    private void requireChain() throws UnusableTls {
        for (int i = 0; i + 1 < chain.size(); i++) {
            try {
                chain.get(i).verify(chain.get(i + 1).getPublicKey());
            } catch (GeneralSecurityException e) {
                throw new UnusableTls(file + ": certificate " + (i + 1)
                        + " in it is not signed by the one that follows. The server's comes first, then who issued it,"
                        + " and so on");
            }
        }
    }

    private void requireFit(Instant now) throws UnusableTls {
        X509Certificate certificate = certificate();
        Instant end = certificate.getNotAfter().toInstant();
        if (end.isBefore(now)) {
            throw new UnusableTls(file + ": expired " + end + ". Renew it with: gatehouse certs server");
        }
        if (certificate.getNotBefore().toInstant().isAfter(now)) {
            throw new UnusableTls(file + ": not valid before "
                    + certificate.getNotBefore().toInstant() + ". Is this machine's clock right?");
        }
        if (!CertificateRules.isStrong(certificate.getPublicKey())
                || !CertificateRules.isStrongSignature(certificate.getSigAlgOID())) {
            throw new UnusableTls(
                    file + ": its key or its signature is too weak. Make another with: gatehouse certs server");
        }
        try {
            List<String> usages = certificate.getExtendedKeyUsage();
            if (usages != null && !usages.contains(SERVER_AUTH)) {
                throw new UnusableTls(file + ": not made for a server. Make one with: gatehouse certs server");
            }
        } catch (CertificateParsingException e) {
            throw new UnusableTls(file + ": its extended key usage cannot be read");
        }
    }

    /** The names and addresses a client may find it by. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate().getSubjectAlternativeNames();
            for (List<?> one : all == null ? List.<List<?>>of() : all) {
                int kind = (Integer) one.get(0);
                if ((kind == DNS || kind == ADDRESS) && one.get(1) instanceof String text) {
                    names.add(text.toLowerCase(Locale.ROOT));
                }
            }
        } catch (CertificateParsingException e) {
            return List.of(); // names that nobody can read are none
        }
        return names;
    }

    /** Whether a client that asks for this name accepts it: as written, or by a wildcard for one label (RFC 9525). */
    boolean covers(String wanted) {
        String name = wanted.toLowerCase(Locale.ROOT);
        int dot = name.indexOf('.');
        String wildcard = dot < 0 ? name : "*" + name.substring(dot);
        return names().stream().anyMatch(one -> one.equals(name) || one.equals(wildcard));
    }

    /** Equal certificates and key: nothing changed. */
    boolean isSameAs(ServerIdentity other) {
        return chain.equals(other.chain) && key.equals(other.key);
    }

    /** Not the key. */
    @Override
    public String toString() {
        return file + " " + certificate().getSubjectX500Principal().getName();
    }
}

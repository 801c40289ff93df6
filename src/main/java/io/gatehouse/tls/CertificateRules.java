package io.gatehouse.tls;

import io.gatehouse.config.Configuration.ClientKey;
import io.gatehouse.pki.PkiProblem;
import io.gatehouse.pki.SubjectNames;
import io.gatehouse.pki.WeakRsa;
import io.gatehouse.tls.CertificateRefused.Code;
import java.math.BigInteger;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a certificate must be by itself, whoever issued it. Immutable; any thread. */
final class CertificateRules {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_USAGE = "2.5.29.37.0";
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_COMMON_NAME = 64; // ub-common-name (RFC 5280, appendix A.1)
    private static final int MAX_NAME = 2048; // a SPIFFE identifier's, the longest name there is use for
    private static final Set<String> SIGNATURES = Set.of(
            "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
            "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
            "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
            "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
            "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
            "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
            "1.2.840.113549.1.1.10", // RSASSA-PSS
            "1.3.101.112"); // Ed25519

    private final Set<ClientKey> keys;

    CertificateRules(Set<ClientKey> keys) {
        this.keys = Set.copyOf(keys);
    }

    void requireProfile(X509Certificate leaf) throws CertificateRefused {
        if (leaf.getVersion() != 3) {
            throw new CertificateRefused(
                    Code.CERT_PROFILE, leaf, "X.509 version " + leaf.getVersion() + ", which has no usages");
        }
        BigInteger serial = leaf.getSerialNumber();
        if (serial.signum() <= 0 || serial.toByteArray().length > 20) {
            throw new CertificateRefused(
                    Code.CERT_PROFILE, leaf, "a serial number that is not positive or too long (RFC 5280 4.1.2.2)");
        }
        if (leaf.hasUnsupportedCriticalExtension()) {
            throw new CertificateRefused(Code.CERT_PROFILE, leaf, "a critical extension that is not understood");
        }
        if (leaf.getBasicConstraints() >= 0) {
            throw new CertificateRefused(Code.CERT_PROFILE, leaf, "an authority's certificate, not a client's");
        }
    }

    /** @param leaf the certificate that is refused for it */
    void requireSignature(X509Certificate certificate, X509Certificate leaf) throws CertificateRefused {
        if (!SIGNATURES.contains(certificate.getSigAlgOID())) {
            throw new CertificateRefused(
                    Code.CERT_WEAK_SIG, leaf, which(certificate, leaf) + "signed with " + certificate.getSigAlgName());
        }
    }

    void requireLeafKey(X509Certificate leaf) throws CertificateRefused {
        ClientKey kind = kind(leaf.getPublicKey());
        if (kind == null || !keys.contains(kind)) {
            throw new CertificateRefused(
                    Code.CERT_WEAK_KEY,
                    leaf,
                    kind == null
                            ? weakness(leaf.getPublicKey())
                            : "a key of a kind that client_keys leaves out: " + kind);
        }
    }

    /** An authority's key: of any kind that is strong. */
    void requireAuthorityKey(X509Certificate authority, X509Certificate leaf) throws CertificateRefused {
        if (kind(authority.getPublicKey()) == null) {
            throw new CertificateRefused(
                    Code.CERT_WEAK_KEY, leaf, which(authority, leaf) + weakness(authority.getPublicKey()));
        }
    }

    /**
     * A key that is long enough, and that anybody can compute all the same. It takes a third of a millisecond of a good key, so it is
     * tried once for a chain, when an authority is known to vouch for it.
     */
    void requireSoundKey(X509Certificate certificate, X509Certificate leaf) throws CertificateRefused {
        Optional<String> fault = fault(certificate.getPublicKey());
        if (fault.isPresent()) {
            throw new CertificateRefused(
                    Code.CERT_BROKEN_KEY, leaf, which(certificate, leaf) + "an RSA key that is none: " + fault.get());
        }
    }

    private static Optional<String> fault(PublicKey key) {
        return key instanceof RSAPublicKey rsa ? WeakRsa.fault(rsa) : Optional.empty();
    }

    static boolean isStrongSignature(String algorithm) {
        return SIGNATURES.contains(algorithm);
    }

    /** Whether an authority's key is strong enough to vouch for anybody. */
    static boolean isStrong(PublicKey key) {
        return kind(key) != null && fault(key).isEmpty();
    }

    static @Nullable ClientKey kind(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return rsa.getModulus().bitLength() < MIN_RSA_BITS ? null : ClientKey.RSA;
        }
        if (key instanceof EdECPublicKey edwards) {
            return edwards.getParams().getName().equals("Ed25519") ? ClientKey.ED25519 : null;
        }
        if (key instanceof ECPublicKey ec) {
            String curve = ec.getParams().toString();
            if (curve.contains("1.2.840.10045.3.1.7")) {
                return ClientKey.P256;
            }
            return curve.contains("1.3.132.0.34")
                    ? ClientKey.P384
                    : curve.contains("1.3.132.0.35") ? ClientKey.P521 : null;
        }
        return null;
    }

    private static String weakness(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return "an RSA key of " + rsa.getModulus().bitLength() + " bits";
        }
        return key instanceof ECPublicKey
                ? "an EC key on a curve that is not used here"
                : "a key of kind " + key.getAlgorithm();
    }

    private static String which(X509Certificate certificate, X509Certificate leaf) {
        return certificate.equals(leaf)
                ? ""
                : "its authority \"" + certificate.getSubjectX500Principal().getName() + "\": ";
    }

    void requireUsage(X509Certificate leaf) throws CertificateRefused {
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null || !usage[0]) {
            throw new CertificateRefused(Code.CERT_KU, leaf, "its key usage does not hold digitalSignature");
        }
        List<String> extended;
        try {
            extended = leaf.getExtendedKeyUsage();
        } catch (CertificateException e) {
            throw new CertificateRefused(Code.CERT_EKU, leaf, "its extended key usage cannot be read");
        }
        if (extended == null || !extended.contains(CLIENT_AUTH)) {
            throw new CertificateRefused(
                    Code.CERT_EKU,
                    leaf,
                    "its extended key usage does not hold clientAuth: it was not made for a client");
        }
        if (extended.contains(ANY_USAGE)) {
            throw new CertificateRefused(
                    Code.CERT_EKU, leaf, "its extended key usage allows any use, that of a server too");
        }
    }

    /** What names may not hold, and that there is one to tell it by; whose name it is, is for authentication to say. */
    void requireNames(X509Certificate leaf) throws CertificateRefused {
        SubjectNames names;
        try {
            names = SubjectNames.of(leaf);
        } catch (PkiProblem e) {
            throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, String.valueOf(e.getMessage()));
        }
        for (String name : names.commonNames()) {
            requireText(leaf, name);
            if (name.codePointCount(0, name.length()) > MAX_COMMON_NAME) {
                throw new CertificateRefused(
                        Code.CERT_ID_INVALID,
                        leaf,
                        "its common name is longer than " + MAX_COMMON_NAME + " characters");
            }
            if (name.chars().anyMatch(c -> c == '+' || c == '#' || c == '/')) {
                throw new CertificateRefused(
                        Code.CERT_ID_INVALID, leaf, "its common name holds +, # or /, which mean something in topics");
            }
        }
        for (String name : names.uris()) {
            requireText(leaf, name);
        }
        for (String name : names.others()) {
            requireText(leaf, name);
        }
        if (names.commonNames().size() > 1 || names.uris().size() > 1) {
            throw new CertificateRefused(
                    Code.CERT_ID_AMBIGUOUS,
                    leaf,
                    "it has " + names.commonNames().size() + " common names and "
                            + names.uris().size() + " URIs; nobody has said which one counts");
        }
        if (names.commonNames().isEmpty()
                && names.uris().isEmpty()
                && names.others().isEmpty()) {
            throw new CertificateRefused(Code.CERT_ID_AMBIGUOUS, leaf, "it has no name at all");
        }
    }

    private static void requireText(X509Certificate leaf, String text) throws CertificateRefused {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || c == 0xFFFD) {
                throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, "a name of it holds a control character");
            }
        }
        if (text.length() > MAX_NAME) {
            throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, "a name of it is longer than " + MAX_NAME);
        }
    }
}

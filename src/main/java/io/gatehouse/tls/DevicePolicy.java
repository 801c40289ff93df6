package io.gatehouse.tls;

import io.gatehouse.tls.CertificateRefused.Code;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which client certificates are accepted: ours to say, because the platform's path validation accepts SHA-1, RSA-1024,
 * version 1, missing usages, odd serials and NUL in names. Any thread.
 *
 * <p>Asked by the TLS engine during a full handshake, and again after every handshake, because a resumed one does not ask
 * the engine's trust manager.
 */
final class DevicePolicy {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int MAX_CHAIN = 4;
    private static final int MAX_REMEMBERED = 4096;
    private static final Set<String> SIGNATURES = Set.of(
            "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
            "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
            "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
            "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
            "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
            "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
            "1.2.840.113549.1.1.10", // RSASSA-PSS
            "1.3.101.112"); // Ed25519
    private static final Set<String> CURVES = Set.of("secp256r1", "secp384r1", "1.2.840.10045.3.1.7", "1.3.132.0.34");

    private final Set<TrustAnchor> anchors;
    private final List<X509Certificate> authorities;
    private final Revocation revocation;
    private final Clock clock;

    /** Chains whose signatures were verified, by their hash: what a resumed handshake need not pay for again. */
    private final Map<String, Boolean> verified = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    DevicePolicy(List<X509Certificate> authorities, Revocation revocation, Clock clock) {
        this.authorities = List.copyOf(authorities);
        this.anchors =
                authorities.stream().map(ca -> new TrustAnchor(ca, null)).collect(Collectors.toUnmodifiableSet());
        this.revocation = revocation;
        this.clock = clock;
    }

    /** Accepts a chain, leaf first, or says why not. */
    void require(List<X509Certificate> chain) throws CertificateRefused {
        if (chain.isEmpty()) {
            throw new CertificateRefused(Code.CERT_NONE, null, "no certificate was sent");
        }
        X509Certificate leaf = chain.get(0);
        if (chain.size() > MAX_CHAIN) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, "a chain of " + chain.size() + " certificates");
        }
        requireDates(leaf);
        requireProfile(leaf);
        for (X509Certificate certificate : chain) {
            requireStrength(certificate, leaf);
        }
        requirePath(chain, leaf);
        requireUsage(leaf);
        requireName(leaf);
        for (X509Certificate certificate : chain) {
            revocation.require(certificate);
        }
    }

    private void requireDates(X509Certificate leaf) throws CertificateRefused {
        Instant now = clock.instant();
        if (now.isAfter(leaf.getNotAfter().toInstant())) {
            throw new CertificateRefused(
                    Code.CERT_EXPIRED, leaf, "expired " + leaf.getNotAfter().toInstant());
        }
        if (now.isBefore(leaf.getNotBefore().toInstant())) {
            throw new CertificateRefused(
                    Code.CERT_NOT_YET_VALID,
                    leaf,
                    "not valid before " + leaf.getNotBefore().toInstant() + ". Are both clocks right?");
        }
    }

    private static void requireProfile(X509Certificate leaf) throws CertificateRefused {
        if (leaf.getVersion() != 3) {
            throw new CertificateRefused(
                    Code.CERT_PROFILE,
                    leaf,
                    "X.509 version " + leaf.getVersion()
                            + ", which has no usages. Issue it with: gatehouse certs device");
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

    private static void requireStrength(X509Certificate certificate, X509Certificate leaf) throws CertificateRefused {
        if (!SIGNATURES.contains(certificate.getSigAlgOID())) {
            throw new CertificateRefused(Code.CERT_WEAK_SIG, leaf, "signed with " + certificate.getSigAlgName());
        }
        PublicKey key = certificate.getPublicKey();
        if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < 2048) {
            throw new CertificateRefused(
                    Code.CERT_WEAK_KEY,
                    leaf,
                    "an RSA key of " + rsa.getModulus().bitLength() + " bits");
        }
        if (key instanceof ECPublicKey ec
                && CURVES.stream().noneMatch(ec.getParams().toString()::contains)) {
            throw new CertificateRefused(Code.CERT_WEAK_KEY, leaf, "an EC key on a curve other than P-256 and P-384");
        }
    }

    private void requirePath(List<X509Certificate> chain, X509Certificate leaf) throws CertificateRefused {
        List<X509Certificate> path = upToAnAnchor(chain);
        if (path == null) {
            throw new CertificateRefused(
                    Code.CERT_CHAIN,
                    leaf,
                    "issued by \"" + leaf.getIssuerX500Principal().getName()
                            + "\", which no authority of client_ca vouches for. Was it issued by another authority, or is an"
                            + " intermediate missing from what the client sends?");
        }
        String key = hash(path, leaf);
        synchronized (verified) {
            if (verified.containsKey(key)) {
                return;
            }
        }
        try {
            PKIXParameters parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false); // ours to check, on every handshake
            parameters.setDate(Date.from(clock.instant()));
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
        } catch (CertPathValidatorException e) {
            throw new CertificateRefused(code(e.getReason()), leaf, String.valueOf(e.getMessage()));
        } catch (GeneralSecurityException e) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, String.valueOf(e.getMessage()));
        }
        synchronized (verified) {
            verified.put(key, true);
        }
    }

    private static Code code(CertPathValidatorException.Reason reason) {
        if (reason == BasicReason.EXPIRED) {
            return Code.CERT_EXPIRED;
        }
        if (reason == BasicReason.NOT_YET_VALID) {
            return Code.CERT_NOT_YET_VALID;
        }
        if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
            return Code.CERT_WEAK_SIG;
        }
        if (reason == PKIXReason.INVALID_KEY_USAGE) {
            return Code.CERT_KU;
        }
        return reason == PKIXReason.UNRECOGNIZED_CRIT_EXT ? Code.CERT_PROFILE : Code.CERT_CHAIN;
    }

    /** The chain up to the certificate that an anchor issued, without the anchor itself; null if none did. */
    private @Nullable List<X509Certificate> upToAnAnchor(List<X509Certificate> chain) {
        for (int i = 0; i < chain.size(); i++) {
            X509Certificate certificate = chain.get(i);
            for (X509Certificate authority : authorities) {
                if (certificate.getIssuerX500Principal().equals(authority.getSubjectX500Principal())
                        && !certificate.equals(authority)
                        && signedBy(certificate, authority)) {
                    return chain.subList(0, i + 1);
                }
            }
        }
        return null;
    }

    private static boolean signedBy(X509Certificate certificate, X509Certificate authority) {
        try {
            certificate.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // an authority of the same name with another key
        }
    }

    private static String hash(List<X509Certificate> path, X509Certificate leaf) throws CertificateRefused {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (X509Certificate certificate : path) {
                digest.update(certificate.getEncoded());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new CertificateRefused(Code.CERT_CHAIN, leaf, String.valueOf(e.getMessage()));
        }
    }

    private static void requireUsage(X509Certificate leaf) throws CertificateRefused {
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
    }

    /** What an identity may not hold; which of the names is the identity is for authentication to say. */
    private static void requireName(X509Certificate leaf) throws CertificateRefused {
        String subject = leaf.getSubjectX500Principal().getName();
        requireText(leaf, subject);
        // an escaped or encoded value may hide what the printed form does not show
        byte[] encoded = leaf.getSubjectX500Principal().getEncoded();
        if (new String(encoded, StandardCharsets.ISO_8859_1).contains("\0.") || subject.contains("\\00")) {
            throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, "its subject holds NUL");
        }
        Collection<List<?>> names;
        try {
            names = leaf.getSubjectAlternativeNames();
        } catch (CertificateException e) {
            throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, "its alternative names cannot be read");
        }
        if (names != null) {
            for (List<?> name : names) {
                if (name.get(1) instanceof String text) {
                    requireText(leaf, text);
                }
            }
        }
    }

    private static void requireText(X509Certificate leaf, String text) throws CertificateRefused {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c == 0x7F || c == 0xFFFD) {
                throw new CertificateRefused(Code.CERT_ID_INVALID, leaf, "a name of it holds a control character");
            }
        }
    }
}

package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CRLReason;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;

/** Looks at certificates: what they say, and which rules they keep. Stateless. */
public final class Inspection {
    private static final Map<String, String> USAGES = Map.of(
            "1.3.6.1.5.5.7.3.1", "serverAuth",
            "1.3.6.1.5.5.7.3.2", "clientAuth",
            "1.3.6.1.5.5.7.3.9", "OCSPSigning",
            "2.5.29.37.0", "any");
    /** In the order of their bits (RFC 5280, 4.2.1.3). */
    private static final List<String> KEY_USAGES = List.of(
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly");

    private static final int CRL_SIGN = KEY_USAGES.indexOf("cRLSign");

    private static final Set<String> STRONG_SIGNATURES = Set.of(
            "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
            "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
            "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
            "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
            "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
            "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
            "1.3.101.112"); // Ed25519
    /** Of RSASSA-PSS, whose parameters say the hash, or leave SHA-1. */
    private static final Set<ASN1ObjectIdentifier> STRONG_HASHES =
            Set.of(NISTObjectIdentifiers.id_sha256, NISTObjectIdentifiers.id_sha384, NISTObjectIdentifiers.id_sha512);

    private static final Map<Integer, String> NAMES = Map.of(1, "email", 2, "dns", 6, "uri", 7, "ip");

    private Inspection() {}

    static Map<String, Object> describe(X509CRL list) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", "revocation list");
        fields.put("issuer", name(list.getIssuerX500Principal()));
        fields.put("thisUpdate", list.getThisUpdate().toInstant().toString());
        if (list.getNextUpdate() != null) {
            fields.put("nextUpdate", list.getNextUpdate().toInstant().toString());
        }
        number(list).ifPresent(number -> fields.put("number", number.toString()));
        fields.put("signature", list.getSigAlgName());
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        Map<String, String> reasons = new TreeMap<>();
        for (X509CRLEntry entry : entries == null ? Set.<X509CRLEntry>of() : entries) {
            reasons.put(
                    entry.getSerialNumber().toString(16),
                    reason(entry) + " " + entry.getRevocationDate().toInstant());
        }
        fields.put("revoked", List.copyOf(reasons.keySet()));
        fields.put("reasons", reasons);
        return fields;
    }

    /** In the words of RFC 5280, 5.3.1; one that is not said is that of code 0. */
    private static String reason(X509CRLEntry entry) {
        CRLReason reason = entry.getRevocationReason() == null ? CRLReason.UNSPECIFIED : entry.getRevocationReason();
        return Arrays.stream(RevocationReason.values())
                .filter(one -> one.code() == reason.ordinal())
                .map(RevocationReason::word)
                .findFirst()
                .orElse(reason.name());
    }

    /** The number of a list (RFC 5280, 5.2.3): whichever is higher is the newer one. */
    private static Optional<BigInteger> number(X509CRL list) {
        byte[] extension = list.getExtensionValue(Extension.cRLNumber.getId());
        if (extension == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ASN1Integer.getInstance(
                            ASN1OctetString.getInstance(extension).getOctets())
                    .getValue());
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // a number that is none is not shown
        }
    }

    /** What a certificate says, for people and as JSON. */
    public static Map<String, Object> describe(X509Certificate certificate) throws PkiProblem {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("subject", name(certificate.getSubjectX500Principal()));
        fields.put("issuer", name(certificate.getIssuerX500Principal()));
        fields.put("serial", certificate.getSerialNumber().toString(16));
        fields.put("version", certificate.getVersion());
        fields.put("notBefore", certificate.getNotBefore().toInstant().toString());
        fields.put("notAfter", certificate.getNotAfter().toInstant().toString());
        fields.put("key", key(certificate));
        fields.put("signature", certificate.getSigAlgName());
        int path = certificate.getBasicConstraints();
        fields.put("authority", path < 0 ? "no" : path == Integer.MAX_VALUE ? "yes" : "yes, path length " + path);
        fields.put("keyUsage", keyUsage(certificate));
        if (LintFacts.has(certificate, "2.5.29.30")) {
            fields.put("nameConstraints", NameConstraint.words(certificate));
        }
        try {
            fields.put("extendedKeyUsage", purposes(certificate));
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            fields.put(
                    "names",
                    names == null
                            ? List.of()
                            : names.stream()
                                    .map(name -> NAMES.getOrDefault((Integer) name.get(0), "other") + ":" + name.get(1))
                                    .toList());
            fields.put(
                    "sha256",
                    HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded())));
        } catch (GeneralSecurityException e) {
            throw new PkiProblem(Kind.INPUT, "an extension cannot be read: " + e.getMessage());
        }
        return fields;
    }

    /** As RFC 2253 has it, and the number of a device in letters too. */
    private static String name(X500Principal principal) {
        return principal.getName(X500Principal.RFC2253, Map.of("2.5.4.5", "serialNumber"));
    }

    private static List<String> purposes(X509Certificate certificate) throws CertificateException {
        List<String> usage = certificate.getExtendedKeyUsage();
        return usage == null
                ? List.of()
                : usage.stream().map(Inspection::purpose).toList();
    }

    /** A purpose in letters, where it has a name here. */
    static String purpose(String oid) {
        return USAGES.getOrDefault(oid, oid);
    }

    /** What a certificate is for: its purposes, or the usages of its key where it has none. */
    static List<String> uses(X509Certificate certificate) {
        try {
            List<String> purposes = purposes(certificate);
            return purposes.isEmpty() ? keyUsage(certificate) : purposes;
        } catch (CertificateException e) {
            return List.of("unreadable");
        }
    }

    private static List<String> keyUsage(X509Certificate certificate) {
        boolean[] bits = certificate.getKeyUsage();
        List<String> words = new ArrayList<>();
        for (int i = 0; bits != null && i < Math.min(bits.length, KEY_USAGES.size()); i++) {
            if (bits[i]) {
                words.add(KEY_USAGES.get(i));
            }
        }
        return words;
    }

    /** The same of a request. */
    static List<String> keyUsage(KeyUsage usage) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < KEY_USAGES.size(); i++) {
            int bit = i < 8 ? 0x80 >> i : 0x8000; // decipherOnly is the first of the second octet
            if (usage.hasUsages(bit)) {
                words.add(KEY_USAGES.get(i));
            }
        }
        return words;
    }

    private static String key(X509Certificate certificate) {
        return Curves.describe(certificate.getPublicKey());
    }

    /** The rules that a certificate breaks, with the path from an authority; empty if it would be accepted. */
    public static List<String> verify(Path file, Path ca, boolean asServer, Optional<String> host, Instant now)
            throws PkiProblem {
        List<X509Certificate> chain = Pem.certificates(file);
        List<X509Certificate> authorities = Pem.certificates(ca);
        X509Certificate leaf = chain.get(0);
        List<String> broken = new ArrayList<>();
        if (now.isAfter(leaf.getNotAfter().toInstant())) {
            broken.add("CERT_EXPIRED: expired " + leaf.getNotAfter().toInstant());
        }
        if (now.isBefore(leaf.getNotBefore().toInstant())) {
            broken.add("CERT_NOT_YET_VALID: valid from " + leaf.getNotBefore().toInstant());
        }
        if (leaf.getVersion() != 3) {
            broken.add("CERT_PROFILE: X.509 version " + leaf.getVersion());
        }
        if (leaf.getSerialNumber().signum() <= 0 || leaf.getSerialNumber().toByteArray().length > 20) {
            broken.add("CERT_PROFILE: the serial number is not positive, or longer than 20 octets (RFC 5280 4.1.2.2)");
        }
        if (leaf.getSigAlgName().toUpperCase(java.util.Locale.ROOT).contains("SHA1")) {
            broken.add("CERT_WEAK_SIG: " + leaf.getSigAlgName());
        }
        if (leaf.getPublicKey() instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < 2048) {
            broken.add("CERT_WEAK_KEY: RSA of " + rsa.getModulus().bitLength() + " bits");
        }
        if (leaf.getPublicKey() instanceof RSAPublicKey rsa) {
            WeakRsa.fault(rsa).ifPresent(fault -> broken.add("CERT_BROKEN_KEY: " + fault));
        }
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null || !usage[0]) {
            broken.add("CERT_KU: the key usage does not hold digitalSignature");
        }
        broken.addAll(extendedUsage(leaf, asServer));
        path(chain, authorities, now).ifPresent(broken::add);
        host.filter(name -> !hasName(leaf, name))
                .ifPresent(name -> broken.add("CERT_NAME: it is not for \"" + name + "\""));
        return broken;
    }

    private static List<String> extendedUsage(X509Certificate leaf, boolean asServer) {
        String wanted = asServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
        try {
            List<String> usages = leaf.getExtendedKeyUsage();
            boolean fits = usages != null && usages.contains(wanted);
            return fits ? List.of() : List.of("CERT_EKU: the extended key usage does not hold " + USAGES.get(wanted));
        } catch (CertificateException e) {
            return List.of("CERT_EKU: the extended key usage cannot be read");
        }
    }

    /** What is sent along, up to the first that is trusted anyway. */
    private static List<X509Certificate> below(List<X509Certificate> authorities, List<X509Certificate> chain) {
        return chain.stream().takeWhile(one -> !authorities.contains(one)).toList();
    }

    private static Optional<String> path(List<X509Certificate> chain, List<X509Certificate> authorities, Instant now) {
        List<X509Certificate> path = below(authorities, chain);
        if (path.isEmpty()) {
            return Optional.of("CERT_CHAIN: it is one of the authorities");
        }
        try {
            PKIXParameters parameters = new PKIXParameters(
                    authorities.stream().map(one -> new TrustAnchor(one, null)).collect(Collectors.toSet()));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
            return Optional.empty();
        } catch (GeneralSecurityException e) {
            return Optional.of("CERT_CHAIN: " + e.getMessage());
        } catch (
                IndexOutOfBoundsException
                        e) { // of Java 17, which compares an address with networks of the other version of IP
            return Optional.of("CERT_CHAIN: this Java cannot compare its addresses with the name constraints above it");
        }
    }

    /**
     * What revocation lists have against a chain, or what is wrong with them; empty if nothing is.
     *
     * <p>A list is believed if a trusted authority signed it, or one on the path to it: whatever else a file brings along is
     * its holder's word.
     */
    public static List<String> revoked(Path file, Path ca, List<Path> lists, Instant now) throws PkiProblem {
        List<X509Certificate> chain = Pem.certificates(file);
        List<X509Certificate> authorities = Pem.certificates(ca);
        List<X509Certificate> signers = new ArrayList<>(authorities);
        if (path(chain, authorities, now).isEmpty()) {
            below(authorities, chain).stream().skip(1).forEach(signers::add);
        }
        List<String> broken = new ArrayList<>();
        boolean covered = lists.isEmpty();
        for (Path one : lists) {
            X509CRL list = Contents.revocations(Pem.bytes(one))
                    .orElseThrow(() -> new PkiProblem(Kind.INPUT, one + ": not a revocation list"));
            Optional<String> unbelievable = unbelievable(list, signers);
            if (unbelievable.isPresent()) {
                broken.add("CERT_CRL: " + one + " " + unbelievable.get());
                continue;
            }
            covered |= list.getIssuerX500Principal().equals(chain.get(0).getIssuerX500Principal());
            if (list.getNextUpdate() == null || now.isAfter(list.getNextUpdate().toInstant())) {
                broken.add("CERT_CRL_STALE: " + one + " is out of date");
            }
            for (X509Certificate certificate : chain) {
                X509CRLEntry entry = certificate.getIssuerX500Principal().equals(list.getIssuerX500Principal())
                        ? list.getRevokedCertificate(certificate.getSerialNumber())
                        : null;
                if (entry != null) {
                    broken.add("CERT_REVOKED: " + certificate.getSerialNumber().toString(16)
                            + (entry.getRevocationReason() == CRLReason.CERTIFICATE_HOLD
                                    ? " is on hold since "
                                    : " was revoked ")
                            + entry.getRevocationDate().toInstant()
                            + (entry.getRevocationReason() == null ? "" : ", " + entry.getRevocationReason()));
                }
            }
        }
        if (!covered) {
            broken.add("CERT_CRL: no list is of who issued it, "
                    + chain.get(0).getIssuerX500Principal().getName());
        }
        return broken;
    }

    private static Optional<String> unbelievable(X509CRL list, List<X509Certificate> signers) {
        // a delta list, one of only some certificates, one that speaks for other authorities: all say so critically
        Set<String> critical = list.getCriticalExtensionOIDs();
        if (critical != null && !critical.isEmpty()) {
            return Optional.of("has a critical extension that is not understood: " + critical);
        }
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        if (entries != null
                && entries.stream()
                        .anyMatch(entry ->
                                entry.hasUnsupportedCriticalExtension() || entry.getCertificateIssuer() != null)) {
            return Optional.of("has an entry with a critical extension that is not understood");
        }
        if (!isStrong(list)) {
            return Optional.of("is signed with " + list.getSigAlgName() + ", which anybody may have forged");
        }
        return signers.stream().anyMatch(signer -> isSignedBy(list, signer))
                ? Optional.empty()
                : Optional.of("is signed by none of the authorities that are trusted for it");
    }

    private static boolean isStrong(X509CRL list) {
        if (!list.getSigAlgOID().equals(PKCSObjectIdentifiers.id_RSASSA_PSS.getId())) {
            return STRONG_SIGNATURES.contains(list.getSigAlgOID());
        }
        try {
            return STRONG_HASHES.contains(RSASSAPSSparams.getInstance(list.getSigAlgParams())
                    .getHashAlgorithm()
                    .getAlgorithm());
        } catch (IllegalArgumentException e) {
            return false; // what cannot be read says nothing for itself
        }
    }

    private static boolean isSignedBy(X509CRL list, X509Certificate signer) {
        boolean[] usage = signer.getKeyUsage();
        if (usage != null && !usage[CRL_SIGN]
                || !signer.getSubjectX500Principal().equals(list.getIssuerX500Principal())) {
            return false;
        }
        try {
            list.verify(signer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean hasName(X509Certificate leaf, String name) {
        try {
            @Nullable Collection<List<?>> names = leaf.getSubjectAlternativeNames();
            return names != null
                    && names.stream()
                            .filter(one -> one.get(0).equals(2) || one.get(0).equals(7))
                            .anyMatch(one -> name.equalsIgnoreCase(String.valueOf(one.get(1))));
        } catch (CertificateException e) {
            return false; // names that cannot be read match nothing
        }
    }
}

package io.gatehouse.pki;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Rules for certificates that verifiers do not check for us, each with the clause it comes from. Stateless.
 *
 * <p>A rule looks at one certificate alone and names the kinds it is about.
 */
public enum Lint {
    VERSION_3("GH-CERT-001", "RFC 5280 4.1.2.1", "is X.509 version 3", Kind.ANY, c -> c.getVersion() == 3),
    SERIAL_POSITIVE(
            "GH-CERT-002",
            "RFC 5280 4.1.2.2",
            "has a positive serial number",
            Kind.ANY,
            c -> c.getSerialNumber().signum() > 0),
    SERIAL_SHORT(
            "GH-CERT-003",
            "RFC 5280 4.1.2.2",
            "has a serial number of at most 20 octets",
            Kind.ANY,
            c -> c.getSerialNumber().toByteArray().length <= 20),
    SERIAL_RANDOM(
            "GH-CERT-004",
            "CA/Browser Forum BR 7.1",
            "has a serial number of at least 64 bits",
            Kind.ANY,
            c -> c.getSerialNumber().bitLength() >= 56),
    NO_SHA1(
            "GH-CERT-005",
            "RFC 9155",
            "is not signed with SHA-1 or MD5",
            Kind.ANY,
            c -> !c.getSigAlgName().toUpperCase(java.util.Locale.ROOT).matches(".*(SHA1|MD5|MD2).*")),
    STRONG_RSA(
            "GH-CERT-006",
            "NIST SP 800-131A",
            "has no RSA key below 2048 bits",
            Kind.ANY,
            c -> !(c.getPublicKey() instanceof RSAPublicKey rsa)
                    || rsa.getModulus().bitLength() >= 2048),
    KNOWN_CURVE(
            "GH-CERT-007",
            "RFC 8446 4.2.7",
            "has a key on P-256 or P-384 if it is an EC key",
            Kind.ANY,
            c -> !(c.getPublicKey() instanceof ECPublicKey ec)
                    || Curves.name(ec).startsWith("P-")),
    SUBJECT(
            "GH-CERT-008",
            "RFC 5280 4.1.2.6",
            "has a subject",
            Kind.ANY,
            c -> !c.getSubjectX500Principal().getName().isEmpty()),
    SUBJECT_PRINTS(
            "GH-CERT-009",
            "RFC 4514",
            "has no control character in its subject",
            Kind.ANY,
            c -> c.getSubjectX500Principal().getName("RFC1779").codePoints().noneMatch(p -> p < 0x20 || p == 0x7F)),
    ORDERED(
            "GH-CERT-010",
            "RFC 5280 4.1.2.5",
            "begins before it ends",
            Kind.ANY,
            c -> c.getNotBefore().before(c.getNotAfter())),
    BASIC_CRITICAL(
            "GH-CERT-011",
            "RFC 5280 4.2.1.9",
            "has critical basicConstraints",
            Kind.ANY,
            c -> critical(c, "2.5.29.19")),
    USAGE_CRITICAL("GH-CERT-012", "RFC 5280 4.2.1.3", "has critical keyUsage", Kind.ANY, c -> critical(c, "2.5.29.15")),
    NO_UNKNOWN_CRITICAL(
            "GH-CERT-013",
            "RFC 5280 4.2",
            "has no critical extension that others may not know",
            Kind.ANY,
            c -> Set.of("2.5.29.15", "2.5.29.19", "2.5.29.17", "2.5.29.37").containsAll(criticals(c))),
    AUTHORITY_SIGNS(
            "GH-CERT-020",
            "RFC 5280 4.2.1.3",
            "as an authority, may sign certificates and lists",
            Kind.AUTHORITY,
            c -> usage(c, 5) && usage(c, 6)),
    AUTHORITY_NO_EKU(
            "GH-CERT-021",
            "draft-ietf-uta-tls13-iot-profile",
            "as an authority, has no extendedKeyUsage",
            Kind.AUTHORITY,
            c -> c.getExtensionValue("2.5.29.37") == null),
    AUTHORITY_SKI(
            "GH-CERT-022",
            "RFC 5280 4.2.1.2",
            "as an authority, has a subject key identifier",
            Kind.AUTHORITY,
            c -> c.getExtensionValue("2.5.29.14") != null),
    LEAF_SIGNATURE_ONLY(
            "GH-CERT-030",
            "RFC 8446 4.4.2.2",
            "as a leaf, has the key usage digitalSignature and cannot sign certificates",
            Kind.LEAF,
            c -> usage(c, 0) && !usage(c, 5)),
    LEAF_ONE_PURPOSE(
            "GH-CERT-031",
            "RFC 5280 4.2.1.12",
            "as a leaf, has exactly one extended key usage, or as a node's with host names the two of servers and clients",
            Kind.LEAF,
            c -> purposes(c).size() == 1 || isNode(c)),
    LEAF_NOT_ANY(
            "GH-CERT-032",
            "RFC 5280 4.2.1.12",
            "as a leaf, is not for any usage",
            Kind.LEAF,
            c -> !purposes(c).contains("2.5.29.37.0")),
    LEAF_AKI(
            "GH-CERT-033",
            "RFC 5280 4.2.1.1",
            "as a leaf, has an authority key identifier",
            Kind.LEAF,
            c -> c.getExtensionValue("2.5.29.35") != null),
    LEAF_ENDS(
            "GH-CERT-034",
            "NIST SP 800-57 5.3.6",
            "as a leaf, is valid for ten years at most, or says that it has no end",
            Kind.LEAF,
            c -> c.getNotAfter().toInstant().equals(Instant.parse("9999-12-31T23:59:59Z"))
                    || Duration.between(
                                            c.getNotBefore().toInstant(),
                                            c.getNotAfter().toInstant())
                                    .toDays()
                            <= 3651),
    CLIENT_ONE_URI(
            "GH-CERT-040",
            "RFC 9525; one identity a certificate",
            "as a client's, has at most one URI",
            Kind.CLIENT,
            c -> names(c, 6) <= 1),
    CLIENT_NO_HOST(
            "GH-CERT-041",
            "separation of devices and servers",
            "as a client's, has no host name",
            Kind.CLIENT,
            c -> isNode(c) || names(c, 2) == 0 && names(c, 7) == 0),
    CLIENT_NO_POINTERS(
            "GH-CERT-042",
            "draft-ietf-uta-tls13-iot-profile",
            "as a client's, points to no revocation service",
            Kind.CLIENT,
            c -> c.getExtensionValue("2.5.29.31") == null && c.getExtensionValue("1.3.6.1.5.5.7.1.1") == null),
    SERVER_NAMED(
            "GH-CERT-050",
            "RFC 9525 3",
            "as a server's, has a host name or an address",
            Kind.SERVER,
            c -> names(c, 2) + names(c, 7) > 0),
    SERVER_NO_WILDCARD(
            "GH-CERT-051",
            "RFC 9525 7.1",
            "as a server's, has no wildcard",
            Kind.SERVER,
            c -> !String.valueOf(alternatives(c)).contains("*"));

    private enum Kind {
        ANY,
        AUTHORITY,
        LEAF,
        CLIENT,
        SERVER
    }

    private final String id;
    private final String clause;
    private final String rule;
    private final Kind kind;
    private final Predicate<X509Certificate> kept;

    Lint(String id, String clause, String rule, Kind kind, Predicate<X509Certificate> kept) {
        this.id = id;
        this.clause = clause;
        this.rule = rule;
        this.kind = kind;
        this.kept = kept;
    }

    public String id() {
        return id;
    }

    /** Where the rule comes from. */
    public String clause() {
        return clause;
    }

    public String rule() {
        return rule;
    }

    /** The rules a certificate breaks. */
    public static List<Lint> of(X509Certificate certificate) {
        return Arrays.stream(values())
                .filter(lint -> lint.isAbout(certificate) && !lint.kept.test(certificate))
                .toList();
    }

    private boolean isAbout(X509Certificate certificate) {
        boolean authority = certificate.getBasicConstraints() >= 0;
        return switch (kind) {
            case ANY -> true;
            case AUTHORITY -> authority;
            case LEAF -> !authority;
            case CLIENT -> !authority && purposes(certificate).contains("1.3.6.1.5.5.7.3.2");
            case SERVER -> !authority && purposes(certificate).contains("1.3.6.1.5.5.7.3.1");
        };
    }

    private static Set<String> criticals(X509Certificate certificate) {
        Set<String> all = certificate.getCriticalExtensionOIDs();
        return all == null ? Set.of() : all;
    }

    private static boolean critical(X509Certificate certificate, String oid) {
        return criticals(certificate).contains(oid);
    }

    private static boolean usage(X509Certificate certificate, int bit) {
        boolean[] usage = certificate.getKeyUsage();
        return usage != null && usage[bit];
    }

    private static List<String> purposes(X509Certificate certificate) {
        try {
            return Optional.ofNullable(certificate.getExtendedKeyUsage()).orElse(List.of());
        } catch (CertificateParsingException e) {
            return List.of(); // usages nobody can read are none
        }
    }

    /** A node is server and client at once: it has host names, and no identity of a device. */
    private static boolean isNode(X509Certificate certificate) {
        return purposes(certificate).size() == 2
                && purposes(certificate).containsAll(Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"))
                && names(certificate, 2) + names(certificate, 7) > 0
                && names(certificate, 6) == 0;
    }

    private static Collection<List<?>> alternatives(X509Certificate certificate) {
        try {
            return Optional.ofNullable(certificate.getSubjectAlternativeNames()).orElse(List.of());
        } catch (CertificateParsingException e) {
            return List.of(); // names nobody can read are none
        }
    }

    private static long names(X509Certificate certificate, int type) {
        return alternatives(certificate).stream()
                .filter(name -> name.get(0).equals(type))
                .count();
    }

    /** When its validity ends, as people write it. */
    static String day(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }
}

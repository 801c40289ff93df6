package io.gatehouse.pki;

import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
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
            Severity.WARNING,
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
            c -> LintFacts.critical(c, "2.5.29.19")),
    USAGE_CRITICAL(
            Severity.WARNING,
            "GH-CERT-012",
            "RFC 5280 4.2.1.3",
            "has critical keyUsage",
            Kind.ANY,
            c -> LintFacts.critical(c, "2.5.29.15")),
    NO_UNKNOWN_CRITICAL(
            "GH-CERT-013",
            "RFC 5280 4.2",
            "has no critical extension that others may not know",
            Kind.ANY,
            c -> Set.of("2.5.29.15", "2.5.29.19", "2.5.29.17", "2.5.29.37", "2.5.29.30")
                    .containsAll(LintFacts.criticals(c))),
    TIME_FORMS(
            "GH-CERT-014",
            "RFC 5280 4.1.2.5",
            "writes times before 2050 as UTCTime and later ones as GeneralizedTime",
            Kind.ANY,
            c -> LintFacts.timesAreInTheirForms(c)),
    NO_UNIQUE_IDS(
            "GH-CERT-015",
            "RFC 5280 4.1.2.8",
            "has no unique identifiers of issuer and subject",
            Kind.ANY,
            c -> !LintFacts.hasUniqueIds(c)),
    NAME_SHORT(
            "GH-CERT-017",
            "RFC 5280 A.1 ub-common-name",
            "has a common name of at most 64 characters",
            Kind.ANY,
            c -> LintFacts.commonNameIsShort(c)),
    RSA_EXPONENT(
            "GH-CERT-018",
            "FIPS 186-5 A.1.1",
            "has an RSA exponent above 65536 if it is an RSA key",
            Kind.ANY,
            c -> !(c.getPublicKey() instanceof RSAPublicKey rsa)
                    || rsa.getPublicExponent().bitLength() >= 17),
    RSA_SOUND(
            "GH-CERT-019",
            "SP 800-89 5.3.3; Nemec et al. 2017",
            "has no RSA key that can be factored: by a small factor, close primes or the flaw called ROCA",
            Kind.ANY,
            c -> !(c.getPublicKey() instanceof RSAPublicKey rsa)
                    || WeakRsa.fault(rsa).isEmpty()),
    AUTHORITY_SIGNS(
            "GH-CERT-020",
            "RFC 5280 4.2.1.3",
            "as an authority, may sign certificates and lists",
            Kind.AUTHORITY,
            c -> LintFacts.usage(c, 5) && LintFacts.usage(c, 6)),
    AUTHORITY_NO_EKU(
            Severity.WARNING,
            "GH-CERT-021",
            "draft-ietf-uta-tls13-iot-profile",
            "as an authority, has no extendedKeyUsage",
            Kind.AUTHORITY,
            c -> !LintFacts.has(c, "2.5.29.37")),
    AUTHORITY_SKI(
            "GH-CERT-022",
            "RFC 5280 4.2.1.2",
            "as an authority, has a subject key identifier",
            Kind.AUTHORITY,
            c -> LintFacts.has(c, "2.5.29.14")),
    AUTHORITY_AKI(
            "GH-CERT-023",
            "RFC 5280 4.2.1.1",
            "as an authority below another, has an authority key identifier",
            Kind.AUTHORITY,
            c -> LintFacts.isSelfIssued(c) || LintFacts.has(c, "2.5.29.35")),
    AUTHORITY_BOUNDED(
            Severity.WARNING,
            "GH-CERT-024",
            "RFC 5280 4.2.1.9",
            "as an authority below another, has a path length",
            Kind.AUTHORITY,
            c -> LintFacts.isSelfIssued(c) || c.getBasicConstraints() != Integer.MAX_VALUE),
    AUTHORITY_SIGNS_ONLY(
            "GH-CERT-025",
            "RFC 5280 4.2.1.3",
            "as an authority, is not for encryption or key agreement",
            Kind.AUTHORITY,
            c -> !LintFacts.usage(c, 2) && !LintFacts.usage(c, 3) && !LintFacts.usage(c, 4)),
    AUTHORITY_NAMES_CRITICAL(
            "GH-CERT-026",
            "RFC 5280 4.2.1.10",
            "as an authority, has critical name constraints if it has any",
            Kind.AUTHORITY,
            c -> !LintFacts.has(c, "2.5.29.30") || LintFacts.critical(c, "2.5.29.30")),
    LEAF_SIGNATURE_ONLY(
            "GH-CERT-030",
            "RFC 8446 4.4.2.2",
            "as a leaf, has the key usage digitalSignature and cannot sign certificates",
            Kind.LEAF,
            c -> LintFacts.usage(c, 0) && !LintFacts.usage(c, 5)),
    LEAF_ONE_PURPOSE(
            "GH-CERT-031",
            "RFC 5280 4.2.1.12",
            "as a leaf, has exactly one extended key usage, or as a node's with host names the two of servers and clients",
            Kind.LEAF,
            c -> LintFacts.purposes(c).size() == 1 || LintFacts.isNode(c)),
    LEAF_NOT_ANY(
            "GH-CERT-032",
            "RFC 5280 4.2.1.12",
            "as a leaf, is not for any usage",
            Kind.LEAF,
            c -> !LintFacts.purposes(c).contains("2.5.29.37.0")),
    LEAF_AKI(
            "GH-CERT-033",
            "RFC 5280 4.2.1.1",
            "as a leaf, has an authority key identifier",
            Kind.LEAF,
            c -> LintFacts.has(c, "2.5.29.35")),
    LEAF_ENDS(
            Severity.WARNING,
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
    LEAF_NO_LISTS(
            "GH-CERT-035",
            "RFC 5280 4.2.1.3",
            "as a leaf, signs no revocation lists",
            Kind.LEAF,
            c -> !LintFacts.usage(c, 6)),
    LEAF_NO_CONSTRAINTS(
            "GH-CERT-036",
            "RFC 5280 4.2.1.10",
            "as a leaf, has no name constraints",
            Kind.LEAF,
            c -> !LintFacts.has(c, "2.5.29.30")),
    IDENTIFIERS_PLAIN(
            "GH-CERT-037",
            "RFC 5280 4.2.1.1, 4.2.1.2",
            "has no critical key identifiers",
            Kind.ANY,
            c -> !LintFacts.critical(c, "2.5.29.14") && !LintFacts.critical(c, "2.5.29.35")),
    POINTERS_PLAIN(
            "GH-CERT-038",
            "RFC 5280 4.2.1.13, 4.2.2.1",
            "has no critical pointers to revocation services",
            Kind.ANY,
            c -> !LintFacts.critical(c, "2.5.29.31") && !LintFacts.critical(c, "1.3.6.1.5.5.7.1.1")),
    NAMES_PLAIN(
            Severity.WARNING,
            "GH-CERT-039",
            "RFC 5280 4.2.1.6",
            "has no critical alternative names if it has a subject",
            Kind.ANY,
            c -> c.getSubjectX500Principal().getName().isEmpty() || !LintFacts.critical(c, "2.5.29.17")),
    CLIENT_ONE_URI(
            "GH-CERT-040",
            "RFC 9525; one identity a certificate",
            "as a client's, has at most one URI",
            Kind.CLIENT,
            c -> LintFacts.uris(c) <= 1),
    CLIENT_NO_HOST(
            "GH-CERT-041",
            "separation of devices and servers",
            "as a client's, has no host name",
            Kind.CLIENT,
            c -> LintFacts.isNode(c) || LintFacts.hostNames(c) == 0),
    CLIENT_NO_POINTERS(
            Severity.WARNING,
            "GH-CERT-042",
            "draft-ietf-uta-tls13-iot-profile",
            "as a client's, points to no revocation service",
            Kind.CLIENT,
            c -> !LintFacts.has(c, "2.5.29.31") && !LintFacts.has(c, "1.3.6.1.5.5.7.1.1")),
    CLIENT_NAMED(
            "GH-CERT-043",
            "one identity a certificate",
            "as a client's, has a common name or a URI",
            Kind.CLIENT,
            c -> LintFacts.isNode(c) || LintFacts.hasCommonName(c) || LintFacts.uris(c) > 0),
    CLIENT_NO_SKI(
            Severity.WARNING,
            "GH-CERT-044",
            "draft-ietf-uta-tls13-iot-profile",
            "as a client's, has no subject key identifier",
            Kind.CLIENT,
            c -> LintFacts.isNode(c) || !LintFacts.has(c, "2.5.29.14")),
    CLIENT_ABSOLUTE_URI(
            "GH-CERT-045",
            "RFC 3986 4.3",
            "as a client's, has an absolute URI if it has one",
            Kind.CLIENT,
            c -> LintFacts.urisAreAbsolute(c)),
    SERVER_NAMED(
            "GH-CERT-050",
            "RFC 9525 3",
            "as a server's, has a host name or an address",
            Kind.SERVER,
            c -> LintFacts.hostNames(c) > 0),
    SERVER_NO_WILDCARD(
            Severity.WARNING,
            "GH-CERT-051",
            "RFC 9525 7.1",
            "as a server's, has no wildcard",
            Kind.SERVER,
            c -> !LintFacts.hasWildcard(c)),
    SERVER_HOST_NAMES(
            "GH-CERT-052",
            "RFC 1034 3.5",
            "as a server's, has host names of letters, digits and hyphens",
            Kind.SERVER,
            c -> LintFacts.hostNamesAreHostNames(c)),
    SERVER_ADDRESSES(
            "GH-CERT-053",
            "RFC 9525 3",
            "as a server's, has addresses as addresses, not as host names",
            Kind.SERVER,
            c -> LintFacts.noAddressAsHostName(c)),
    RESPONDER_NOT_CHECKED(
            Severity.WARNING,
            "GH-CERT-060",
            "RFC 6960 4.2.2.2.1",
            "as an OCSP signer's, says that nobody asks about it",
            Kind.RESPONDER,
            c -> LintFacts.has(c, "1.3.6.1.5.5.7.48.1.5"));

    /** What it means that a rule is broken. */
    public enum Severity {
        /** Against a must of its clause, or of what keeps devices and servers apart: some program refuses it, or should. */
        ERROR,
        /** Against a should, or what we advise: accepted, and for a reason that somebody knows. */
        WARNING
    }

    private enum Kind {
        ANY("every certificate"),
        AUTHORITY("authorities"),
        LEAF("leaves"),
        CLIENT("clients"),
        SERVER("servers"),
        RESPONDER("OCSP signers");

        private final String whose;

        Kind(String whose) {
            this.whose = whose;
        }
    }

    private final Severity severity;
    private final String id;
    private final String clause;
    private final String rule;
    private final Kind kind;
    private final Predicate<X509Certificate> kept;

    Lint(String id, String clause, String rule, Kind kind, Predicate<X509Certificate> kept) {
        this(Severity.ERROR, id, clause, rule, kind, kept);
    }

    Lint(Severity severity, String id, String clause, String rule, Kind kind, Predicate<X509Certificate> kept) {
        this.severity = severity;
        this.id = id;
        this.clause = clause;
        this.rule = rule;
        this.kind = kind;
        this.kept = kept;
    }

    public String id() {
        return id;
    }

    public Severity severity() {
        return severity;
    }

    /** Whose certificates it is about. */
    public String about() {
        return kind.whose;
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
            case CLIENT -> !authority && LintFacts.purposes(certificate).contains("1.3.6.1.5.5.7.3.2");
            case SERVER -> !authority && LintFacts.purposes(certificate).contains("1.3.6.1.5.5.7.3.1");
            case RESPONDER -> !authority && LintFacts.purposes(certificate).contains("1.3.6.1.5.5.7.3.9");
        };
    }

    /** When its validity ends, as people write it. */
    static String day(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }
}

package io.gatehouse.pki;

import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;

/** What the rules of {@link Lint} ask of a certificate. Stateless; what cannot be read is as if it were not there. */
final class LintFacts {
    private static final int DNS = 2;
    private static final int URI = 6;
    private static final int ADDRESS = 7;
    /** Labels of letters, digits and hyphens, and a wildcard, which has a rule of its own. */
    private static final Pattern HOST = Pattern.compile(
            "(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*");

    private static final Pattern ABSOLUTE_URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[\\x21-\\x7E]+");
    private static final Pattern IPV4 = Pattern.compile("[0-9]+(\\.[0-9]+){3}");

    private LintFacts() {}

    static boolean has(X509Certificate certificate, String oid) {
        return certificate.getExtensionValue(oid) != null;
    }

    static Set<String> criticals(X509Certificate certificate) {
        Set<String> all = certificate.getCriticalExtensionOIDs();
        return all == null ? Set.of() : all;
    }

    static boolean critical(X509Certificate certificate, String oid) {
        return criticals(certificate).contains(oid);
    }

    static boolean usage(X509Certificate certificate, int bit) {
        boolean[] usage = certificate.getKeyUsage();
        return usage != null && usage[bit];
    }

    static boolean isSelfIssued(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }

    static List<String> purposes(X509Certificate certificate) {
        try {
            return Optional.ofNullable(certificate.getExtendedKeyUsage()).orElse(List.of());
        } catch (CertificateParsingException e) {
            return List.of(); // usages nobody can read are none
        }
    }

    /** A node is server and client at once: it has host names, and no identity of a device. */
    static boolean isNode(X509Certificate certificate) {
        return purposes(certificate).size() == 2
                && purposes(certificate).containsAll(Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"))
                && hostNames(certificate) > 0
                && uris(certificate) == 0;
    }

    static long hostNames(X509Certificate certificate) {
        return named(certificate, DNS).size() + named(certificate, ADDRESS).size();
    }

    static long uris(X509Certificate certificate) {
        return named(certificate, URI).size();
    }

    /** By the bytes: the platform reads no names at all where one is relative. */
    static boolean urisAreAbsolute(X509Certificate certificate) {
        try {
            return SubjectNames.of(certificate).uris().stream()
                    .allMatch(uri -> ABSOLUTE_URI.matcher(uri).matches());
        } catch (PkiProblem e) {
            return false;
        }
    }

    static boolean hostNamesAreHostNames(X509Certificate certificate) {
        return named(certificate, DNS).stream()
                .allMatch(host -> HOST.matcher(host).matches() && host.length() <= 253);
    }

    static boolean noAddressAsHostName(X509Certificate certificate) {
        return named(certificate, DNS).stream().noneMatch(LintFacts::isAddress);
    }

    /** Whether a host name is an address by its form. */
    static boolean isAddress(String host) {
        return IPV4.matcher(host).matches();
    }

    static boolean hasWildcard(X509Certificate certificate) {
        return named(certificate, DNS).stream().anyMatch(host -> host.contains("*"));
    }

    private static List<String> named(X509Certificate certificate, int type) {
        Collection<List<?>> names;
        try {
            names = Optional.ofNullable(certificate.getSubjectAlternativeNames())
                    .orElse(List.of());
        } catch (CertificateParsingException e) {
            return List.of(); // names nobody can read are none
        }
        return names.stream()
                .filter(name -> name.get(0).equals(type))
                .map(name -> String.valueOf(name.get(1)))
                .toList();
    }

    static boolean hasCommonName(X509Certificate certificate) {
        try {
            return !SubjectNames.of(certificate).commonNames().isEmpty();
        } catch (PkiProblem e) {
            return false;
        }
    }

    static boolean commonNameIsShort(X509Certificate certificate) {
        try {
            SubjectNames names = SubjectNames.of(certificate);
            return names.commonNames().stream().allMatch(name -> name.codePointCount(0, name.length()) <= 64);
        } catch (PkiProblem e) {
            return false;
        }
    }

    /** Until 2049 the short form, from 2050 on the long one. */
    static boolean timesAreInTheirForms(X509Certificate certificate) {
        return structure(certificate)
                .map(tbs -> hasItsForm(tbs.getStartDate()) && hasItsForm(tbs.getEndDate()))
                .orElse(false);
    }

    private static boolean hasItsForm(Time time) {
        int year = time.getDate().toInstant().atOffset(java.time.ZoneOffset.UTC).getYear();
        return time.toASN1Primitive() instanceof ASN1UTCTime == (year >= 1950 && year < 2050);
    }

    static boolean hasUniqueIds(X509Certificate certificate) {
        return certificate.getIssuerUniqueID() != null || certificate.getSubjectUniqueID() != null;
    }

    private static Optional<TBSCertificate> structure(X509Certificate certificate) {
        try {
            return Optional.of(Certificate.getInstance(certificate.getEncoded()).getTBSCertificate());
        } catch (CertificateEncodingException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}

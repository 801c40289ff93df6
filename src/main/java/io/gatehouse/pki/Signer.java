package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Makes keys and certificates. Any thread.
 *
 * <p>Serial numbers are 127 random bits, positive (RFC 5280, 4.1.2.2); validity begins an hour ago, for clocks that lag,
 * and never ends after the issuer's.
 */
final class Signer {
    static final Duration BACKDATING = Duration.ofHours(1);

    /** RFC 5280, 4.1.2.5: a certificate that has no well-defined end. */
    private static final Instant NO_END = Instant.parse("9999-12-31T23:59:59Z");

    private static final DateTimeFormatter UTC_TIME = DateTimeFormatter.ofPattern("uuMMddHHmmss'Z'", Locale.ROOT);
    private static final DateTimeFormatter GENERALIZED_TIME =
            DateTimeFormatter.ofPattern("uuuuMMddHHmmss'Z'", Locale.ROOT);

    private static final Map<String, Integer> USAGES = Map.of(
            "digitalSignature", KeyUsage.digitalSignature,
            "keyCertSign", KeyUsage.keyCertSign,
            "cRLSign", KeyUsage.cRLSign);
    private static final Map<String, KeyPurposeId> PURPOSES = Map.of(
            "clientAuth", KeyPurposeId.id_kp_clientAuth,
            "serverAuth", KeyPurposeId.id_kp_serverAuth,
            "OCSPSigning", KeyPurposeId.id_kp_OCSPSigning);

    private static final int MAX_TIMES = 64;

    private final SecureRandom random = new SecureRandom();
    private final Map<Long, Time> times = new ConcurrentHashMap<>();
    private final Clock clock;

    Signer(Clock clock) {
        this.clock = clock;
    }

    Instant now() {
        return clock.instant();
    }

    KeyPair keyPair(KeyKind kind) {
        return kind.generate(random);
    }

    X509Certificate root(KeyPair pair, X500Name name, Duration validity, ProfileSettings settings)
            throws GeneralSecurityException, PkiProblem {
        Instant end = clock.instant().plus(validity);
        SubjectPublicKeyInfo key = encoded(pair.getPublic());
        X509v3CertificateBuilder builder = builder(name, start(settings), end, key, name);
        try {
            extensions(builder, settings, key, null, new GeneralName[0]);
            return sign(builder, pair.getPrivate(), KeyKind.ofAuthority(pair.getPublic()));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    X509Certificate issuing(
            KeyPair pair,
            X500Name name,
            ProfileSettings settings,
            X509Certificate root,
            PrivateKey rootKey,
            @Nullable NameConstraint hosts)
            throws GeneralSecurityException, PkiProblem {
        Instant end = earlier(
                clock.instant().plus(settings.validity()), root.getNotAfter().toInstant());
        Instant start = later(start(settings), root.getNotBefore().toInstant());
        SubjectPublicKeyInfo key = encoded(pair.getPublic());
        X509v3CertificateBuilder builder = builder(subject(root), start, end, key, name);
        try {
            extensions(builder, settings, key, root, new GeneralName[0]);
            if (hosts != null) {
                builder.addExtension(Extension.nameConstraints, true, hosts.extension());
            }
            return sign(builder, rootKey, KeyKind.ofAuthority(root.getPublicKey()));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** Signs what was permitted, with at most one URI. Ends with the issuer at the latest, unless it has no end, and begins with it at the earliest. */
    X509Certificate leaf(Permit permit, Issuer issuer, String organisation, String uri)
            throws GeneralSecurityException, PkiProblem {
        Request request = permit.request();
        X509Certificate by = issuer.certificate();
        NameConstraint.require(by, permit);
        Instant end = request.validity().equals(ProfileSettings.WITHOUT_END)
                ? NO_END
                : earlier(
                        clock.instant().plus(request.validity()),
                        by.getNotAfter().toInstant());
        X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
        name.addRDN(BCStyle.O, organisation);
        if (request.deviceSerial() != null) {
            name.addRDN(BCStyle.SERIALNUMBER, request.deviceSerial());
        }
        name.addRDN(BCStyle.CN, request.id());
        Instant start = later(start(permit.settings()), by.getNotBefore().toInstant());
        SubjectPublicKeyInfo key = encoded(request.key());
        X509v3CertificateBuilder builder = builder(issuer.subject(), start, end, key, name.build());
        try {
            extensions(builder, permit.settings(), key, by, names(permit, uri));
            return sign(builder, issuer.key(), KeyKind.ofAuthority(by.getPublicKey()));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** What a profile's file says, and nothing else. */
    private static void extensions(
            X509v3CertificateBuilder builder,
            ProfileSettings settings,
            SubjectPublicKeyInfo key,
            @Nullable X509Certificate issuer,
            GeneralName[] names)
            throws IOException, GeneralSecurityException {
        BasicConstraints constraints = !settings.authority()
                ? new BasicConstraints(false)
                : settings.pathLength() == null
                        ? new BasicConstraints(true)
                        : new BasicConstraints(settings.pathLength());
        builder.addExtension(Extension.basicConstraints, true, constraints);
        int usage = 0;
        for (String word : settings.keyUsage()) {
            usage |= Objects.requireNonNull(USAGES.get(word), word);
        }
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
        if (!settings.extendedKeyUsage().isEmpty()) {
            KeyPurposeId[] purposes = settings.extendedKeyUsage().stream()
                    .map(word -> Objects.requireNonNull(PURPOSES.get(word), word))
                    .toArray(KeyPurposeId[]::new);
            builder.addExtension(
                    Extension.extendedKeyUsage, settings.extendedKeyUsageCritical(), new ExtendedKeyUsage(purposes));
        }
        if (settings.authorityKeyIdentifier() && issuer != null) {
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(issuer));
        }
        if (settings.subjectKeyIdentifier()) {
            builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(key));
        }
        if (names.length > 0) {
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
        }
        if (!settings.crlUrls().isEmpty()) {
            GeneralName[] urls = settings.crlUrls().stream().map(Signer::url).toArray(GeneralName[]::new);
            builder.addExtension(Extension.cRLDistributionPoints, false, new CRLDistPoint(new DistributionPoint[] {
                new DistributionPoint(new DistributionPointName(new GeneralNames(urls)), null, null)
            }));
        }
        if (!settings.ocspUrls().isEmpty()) {
            builder.addExtension(
                    Extension.authorityInfoAccess,
                    false,
                    new AuthorityInformationAccess(settings.ocspUrls().stream()
                            .map(url -> new AccessDescription(AccessDescription.id_ad_ocsp, url(url)))
                            .toArray(AccessDescription[]::new)));
        }
        if (settings.ocspNoCheck()) {
            builder.addExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE);
        }
    }

    private static GeneralName url(String text) {
        return new GeneralName(GeneralName.uniformResourceIdentifier, text);
    }

    private static GeneralName[] names(Permit permit, String uri) {
        Request request = permit.request();
        List<GeneralName> names = new ArrayList<>();
        request.dnsNames().forEach(dns -> names.add(new GeneralName(GeneralName.dNSName, dns)));
        request.ipAddresses().forEach(ip -> names.add(new GeneralName(GeneralName.iPAddress, ip)));
        if (!uri.isEmpty()) {
            names.add(url(uri));
        }
        return names.toArray(GeneralName[]::new);
    }

    /** A list of what is revoked and not expired (RFC 5280, 5). */
    X509CRLHolder revocations(Issuer issuer, List<Inventory.Item> revoked, long number, Duration validity)
            throws GeneralSecurityException, PkiProblem {
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        X509v2CRLBuilder builder = new X509v2CRLBuilder(issuer.subject(), Date.from(now.minus(BACKDATING)));
        builder.setNextUpdate(Date.from(now.plus(validity)));
        for (Inventory.Item item : revoked) {
            Date at = Date.from(Objects.requireNonNull(item.revokedAt()));
            int reason = Objects.requireNonNull(item.reason()).code();
            builder.addCRLEntry(item.serial(), at, reason); // writes no reason for 0, as 5.3.1 asks
        }
        try {
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(issuer.certificate()));
            builder.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)));
            return builder.build(
                    with(issuer.key(), KeyKind.ofAuthority(issuer.certificate().getPublicKey())));
        } catch (IOException | OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static SubjectPublicKeyInfo encoded(PublicKey key) {
        return SubjectPublicKeyInfo.getInstance(key.getEncoded());
    }

    private X509v3CertificateBuilder builder(
            X500Name issuer, Instant start, Instant end, SubjectPublicKeyInfo key, X500Name subject) {
        BigInteger serial;
        do {
            serial = new BigInteger(127, random);
        } while (serial.bitLength() < 64);
        return new X509v3CertificateBuilder(issuer, serial, time(start), time(end), subject, key);
    }

    /** Of the two forms the one for its year (RFC 5280, 4.1.2.5). Thousands of certificates have the same. */
    private Time time(Instant moment) {
        long second = moment.getEpochSecond();
        Time known = times.get(second);
        if (known == null) {
            known = timeOf(moment);
            if (times.size() >= MAX_TIMES) {
                times.clear();
            }
            times.put(second, known);
        }
        return known;
    }

    static Time timeOf(Instant moment) {
        OffsetDateTime utc = moment.atOffset(ZoneOffset.UTC);
        return new Time(
                utc.getYear() < 2050
                        ? new DERUTCTime(UTC_TIME.format(utc))
                        : new DERGeneralizedTime(GENERALIZED_TIME.format(utc)));
    }

    private Instant start(ProfileSettings settings) {
        return clock.instant().minus(settings.backdate()).truncatedTo(ChronoUnit.SECONDS);
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key, KeyKind kind)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter().getCertificate(builder.build(with(key, kind)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static ContentSigner with(PrivateKey key, KeyKind kind) throws OperatorCreationException {
        return new JcaContentSignerBuilder(kind.signature())
                .setProvider(kind.provider())
                .build(key);
    }

    /** @param country of two letters; empty: the name has none */
    static X500Name authorityName(String country, String organisation, String commonName) {
        X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
        if (!country.isEmpty()) {
            name.addRDN(BCStyle.C, country);
        }
        name.addRDN(BCStyle.O, organisation);
        name.addRDN(BCStyle.CN, commonName);
        return name.build();
    }

    /** The authority that signs, with its subject decoded once for many signatures. */
    record Issuer(X509Certificate certificate, X500Name subject, PrivateKey key) {
        static Issuer of(X509Certificate certificate, PrivateKey key) throws GeneralSecurityException {
            return new Issuer(certificate, Signer.subject(certificate), key);
        }
    }

    /** The subject as it is encoded, so that issuer and subject are the same bytes. */
    private static X500Name subject(X509Certificate certificate) throws GeneralSecurityException {
        return new JcaX509CertificateHolder(certificate).getSubject();
    }

    /** The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093, section 2, method 1). */
    private static SubjectKeyIdentifier keyIdentifier(SubjectPublicKeyInfo key) throws GeneralSecurityException {
        byte[] bits = key.getPublicKeyData().getBytes();
        return new SubjectKeyIdentifier(
                Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bits), 20));
    }

    private static org.bouncycastle.asn1.x509.AuthorityKeyIdentifier authorityKeyIdentifier(X509Certificate issuer)
            throws GeneralSecurityException {
        byte[] extension = issuer.getExtensionValue(Extension.subjectKeyIdentifier.getId());
        if (extension == null) { // a root from elsewhere need not have one
            return new org.bouncycastle.asn1.x509.AuthorityKeyIdentifier(
                    keyIdentifier(encoded(issuer.getPublicKey())).getKeyIdentifier());
        }
        SubjectKeyIdentifier identifier = SubjectKeyIdentifier.getInstance(
                org.bouncycastle.asn1.ASN1OctetString.getInstance(extension).getOctets());
        return new org.bouncycastle.asn1.x509.AuthorityKeyIdentifier(identifier.getKeyIdentifier());
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }
}

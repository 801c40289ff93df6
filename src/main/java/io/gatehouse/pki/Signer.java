package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes keys and certificates. Any thread.
 *
 * <p>Serial numbers are 127 random bits, positive (RFC 5280, 4.1.2.2); validity begins an hour ago, for clocks that lag,
 * and never ends after the issuer's.
 */
final class Signer {
    private static final Duration BACKDATING = Duration.ofHours(1);
    /** As an object, not registered: other rooms go on with the platform's providers. */
    private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

    private final SecureRandom random = new SecureRandom();
    private final Clock clock;

    Signer(Clock clock) {
        this.clock = clock;
    }

    Instant now() {
        return clock.instant();
    }

    KeyPair keyPair(String curve) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", PROVIDER);
            generator.initialize(new ECGenParameterSpec(curve), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no keys on " + curve + " here", e);
        }
    }

    X509Certificate root(KeyPair pair, String organisation, Duration validity) throws GeneralSecurityException {
        X500Name name = authorityName(organisation, "Gatehouse Root CA");
        Instant end = clock.instant().plus(validity);
        JcaX509v3CertificateBuilder builder = builder(name, start(), end, pair.getPublic(), name);
        try {
            authority(builder, new BasicConstraints(true));
            builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(pair.getPublic()));
            return sign(builder, pair.getPrivate(), "SHA384withECDSA");
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    X509Certificate issuing(
            KeyPair pair,
            String commonName,
            String organisation,
            Duration validity,
            X509Certificate root,
            PrivateKey rootKey)
            throws GeneralSecurityException {
        Instant end = earlier(clock.instant().plus(validity), root.getNotAfter().toInstant());
        Instant start = later(start(), root.getNotBefore().toInstant());
        JcaX509v3CertificateBuilder builder =
                builder(subject(root), start, end, pair.getPublic(), authorityName(organisation, commonName));
        try {
            authority(builder, new BasicConstraints(0)); // its certificates are leaves
            builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(pair.getPublic()));
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(root));
            return sign(builder, rootKey, "SHA384withECDSA");
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** Signs what was permitted. Ends with the issuer at the latest, and begins with it at the earliest. */
    X509Certificate leaf(Permit permit, Issuer issuer, String organisation, String uriTemplate)
            throws GeneralSecurityException {
        Request request = permit.request();
        X509Certificate by = issuer.certificate();
        Instant end = earlier(
                clock.instant().plus(request.validity()), by.getNotAfter().toInstant());
        X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
        name.addRDN(BCStyle.O, organisation);
        if (request.deviceSerial() != null) {
            name.addRDN(BCStyle.SERIALNUMBER, request.deviceSerial());
        }
        name.addRDN(BCStyle.CN, request.id());
        Instant start = later(start(), by.getNotBefore().toInstant());
        JcaX509v3CertificateBuilder builder = builder(issuer.subject(), start, end, request.key(), name.build());
        boolean server = permit.profile().isServer();
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(server ? KeyPurposeId.id_kp_serverAuth : KeyPurposeId.id_kp_clientAuth));
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(by));
            if (server) {
                builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(request.key()));
            }
            GeneralName[] names = names(permit, uriTemplate);
            if (names.length > 0) {
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
            }
            return sign(builder, issuer.key(), "SHA256withECDSA");
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static GeneralName[] names(Permit permit, String uriTemplate) {
        Request request = permit.request();
        List<GeneralName> names = new ArrayList<>();
        request.dnsNames().forEach(dns -> names.add(new GeneralName(GeneralName.dNSName, dns)));
        request.ipAddresses().forEach(ip -> names.add(new GeneralName(GeneralName.iPAddress, ip)));
        if (!permit.profile().isServer() && !uriTemplate.isEmpty()) {
            names.add(new GeneralName(
                    GeneralName.uniformResourceIdentifier, permit.profile().uri(uriTemplate, request.id())));
        }
        return names.toArray(GeneralName[]::new);
    }

    /** A list of what is revoked and not expired (RFC 5280, 5). */
    X509CRLHolder revocations(Issuer issuer, List<Inventory.Item> revoked, long number, Duration validity)
            throws GeneralSecurityException {
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
            return builder.build(new JcaContentSignerBuilder("SHA256withECDSA")
                    .setProvider(PROVIDER)
                    .build(issuer.key()));
        } catch (IOException | OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static void authority(JcaX509v3CertificateBuilder builder, BasicConstraints constraints)
            throws IOException {
        builder.addExtension(Extension.basicConstraints, true, constraints);
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    }

    private JcaX509v3CertificateBuilder builder(
            X500Name issuer, Instant start, Instant end, PublicKey key, X500Name subject) {
        BigInteger serial;
        do {
            serial = new BigInteger(127, random);
        } while (serial.bitLength() < 64);
        return new JcaX509v3CertificateBuilder(
                issuer, serial, Date.from(start), Date.from(end.truncatedTo(ChronoUnit.SECONDS)), subject, key);
    }

    private Instant start() {
        return clock.instant().minus(BACKDATING).truncatedTo(ChronoUnit.SECONDS);
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key, String algorithm)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm)
                            .setProvider(PROVIDER)
                            .build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static X500Name authorityName(String organisation, String commonName) {
        X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
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
    private static SubjectKeyIdentifier keyIdentifier(PublicKey key) throws GeneralSecurityException {
        byte[] bits = SubjectPublicKeyInfo.getInstance(key.getEncoded())
                .getPublicKeyData()
                .getBytes();
        return new SubjectKeyIdentifier(
                Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bits), 20));
    }

    private static org.bouncycastle.asn1.x509.AuthorityKeyIdentifier authorityKeyIdentifier(X509Certificate issuer)
            throws GeneralSecurityException {
        byte[] extension = issuer.getExtensionValue(Extension.subjectKeyIdentifier.getId());
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

package io.gatehouse.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
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
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
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
        Instant now = clock.instant();
        JcaX509v3CertificateBuilder builder = builder(name, now.plus(validity), pair.getPublic(), name);
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
        JcaX509v3CertificateBuilder builder =
                builder(subject(root), end, pair.getPublic(), authorityName(organisation, commonName));
        try {
            authority(builder, new BasicConstraints(0)); // its certificates are leaves
            builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(pair.getPublic()));
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(root));
            return sign(builder, rootKey, "SHA384withECDSA");
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    X509Certificate leaf(Permit permit, String organisation, X509Certificate issuer, PrivateKey issuerKey)
            throws GeneralSecurityException {
        Instant end = earlier(
                clock.instant().plus(permit.validity()), issuer.getNotAfter().toInstant());
        X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
        name.addRDN(BCStyle.O, organisation);
        name.addRDN(BCStyle.CN, permit.id());
        JcaX509v3CertificateBuilder builder = builder(subject(issuer), end, permit.key(), name.build());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(
                            permit.profile().isServer()
                                    ? KeyPurposeId.id_kp_serverAuth
                                    : KeyPurposeId.id_kp_clientAuth));
            builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(issuer));
            if (permit.profile().isServer()) {
                builder.addExtension(Extension.subjectKeyIdentifier, false, keyIdentifier(permit.key()));
            }
            builder.addExtension(Extension.subjectAlternativeName, false, names(permit));
            return sign(builder, issuerKey, "SHA256withECDSA");
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static GeneralNames names(Permit permit) {
        List<GeneralName> names = new ArrayList<>();
        permit.dnsNames().forEach(dns -> names.add(new GeneralName(GeneralName.dNSName, dns)));
        permit.ipAddresses().forEach(ip -> names.add(new GeneralName(GeneralName.iPAddress, ip)));
        if (!permit.profile().isServer()) {
            names.add(new GeneralName(
                    GeneralName.uniformResourceIdentifier,
                    "urn:gatehouse:" + permit.profile().word() + ":" + permit.id()));
        }
        return new GeneralNames(names.toArray(GeneralName[]::new));
    }

    private static void authority(JcaX509v3CertificateBuilder builder, BasicConstraints constraints)
            throws IOException {
        builder.addExtension(Extension.basicConstraints, true, constraints);
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    }

    private JcaX509v3CertificateBuilder builder(X500Name issuer, Instant end, PublicKey key, X500Name subject) {
        Instant start = clock.instant().minus(BACKDATING).truncatedTo(ChronoUnit.SECONDS);
        BigInteger serial;
        do {
            serial = new BigInteger(127, random);
        } while (serial.bitLength() < 64);
        return new JcaX509v3CertificateBuilder(
                issuer, serial, Date.from(start), Date.from(end.truncatedTo(ChronoUnit.SECONDS)), subject, key);
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

    /** The subject as it is encoded, so that issuer and subject are the same bytes. */
    private static X500Name subject(X509Certificate certificate) throws GeneralSecurityException {
        return new JcaX509CertificateHolder(certificate).getSubject();
    }

    private static SubjectKeyIdentifier keyIdentifier(PublicKey key) throws GeneralSecurityException {
        X509ExtensionUtils utils = new JcaX509ExtensionUtils();
        return utils.createSubjectKeyIdentifier(
                org.bouncycastle.asn1.x509.SubjectPublicKeyInfo.getInstance(key.getEncoded()));
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
}

package io.gatehouse.authn;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates with any subject and names, sensible or not. */
final class Certificates {
    private static final KeyPair KEYS = keys();

    private final List<RDN> subject = new ArrayList<>();
    private final List<GeneralName> names = new ArrayList<>();

    static Certificates subject() {
        return new Certificates();
    }

    static Certificates cn(String name) {
        return new Certificates().rdn(BCStyle.CN, new DERUTF8String(name));
    }

    Certificates rdn(ASN1ObjectIdentifier type, ASN1Encodable value) {
        subject.add(new RDN(type, value));
        return this;
    }

    Certificates rdn(AttributeTypeAndValue... attributes) {
        subject.add(new RDN(attributes));
        return this;
    }

    Certificates uri(String value) {
        names.add(new GeneralName(GeneralName.uniformResourceIdentifier, value));
        return this;
    }

    Certificates dns(String value) {
        names.add(new GeneralName(GeneralName.dNSName, value));
        return this;
    }

    Certificates email(String value) {
        names.add(new GeneralName(GeneralName.rfc822Name, value));
        return this;
    }

    /** A certificate that this Java cannot even read, so that none gets past its handshakes. */
    static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unreadable(CertificateException cause) {
            super(cause);
        }
    }

    X509Certificate make() {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    new X500Name("CN=Test CA,O=Acme"),
                    BigInteger.valueOf(0xCAFE),
                    Date.from(Instant.parse("2026-01-01T00:00:00Z")),
                    Date.from(Instant.parse("2027-01-01T00:00:00Z")),
                    new X500Name(subject.toArray(RDN[]::new)),
                    KEYS.getPublic());
            if (!names.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        subject.isEmpty(),
                        new GeneralNames(names.toArray(GeneralName[]::new)));
            }
            byte[] encoded = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(KEYS.getPrivate()))
                    .getEncoded();
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        } catch (CertificateException e) {
            throw new Unreadable(e);
        } catch (IOException | OperatorCreationException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}

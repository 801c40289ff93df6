package io.gatehouse.security;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v1CertificateBuilder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that signs anything it is asked to: certificates and revocation lists that are wrong in every way. */
final class Forge {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Map<String, KeyPair> KEYS = new ConcurrentHashMap<>();

    final X500Name name;
    final KeyPair keys;
    final X509Certificate certificate;

    private Forge(X500Name name, KeyPair keys, X509Certificate certificate) {
        this.name = name;
        this.keys = keys;
        this.certificate = certificate;
    }

    /** A self-signed authority. */
    static Forge root(String commonName) {
        X500Name name = new X500Name("CN=" + commonName);
        KeyPair keys = freshKeys("P-256");
        Leaf leaf = new Leaf(name, keys.getPrivate(), keys.getPublic())
                .subject(name)
                .authority(-1);
        leaf.keys = keys;
        return new Forge(name, keys, leaf.make().chain().get(0));
    }

    /** An authority below this one. */
    Forge authority(String commonName, int pathLength) {
        X500Name below = new X500Name("CN=" + commonName);
        KeyPair fresh = freshKeys("P-256");
        Leaf leaf = leaf(commonName).authority(pathLength);
        leaf.keys = fresh;
        return new Forge(below, fresh, leaf.make().chain().get(0));
    }

    /** A holder of a certificate as an issuer, whatever that certificate says. */
    static Forge of(Holder holder) {
        X509Certificate certificate = holder.chain().get(0);
        return new Forge(
                X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()), holder.keys(), certificate);
    }

    /** A certificate with what follows it in a handshake, and its key. */
    record Holder(List<X509Certificate> chain, KeyPair keys) {
        Holder with(X509Certificate... more) {
            List<X509Certificate> all = new ArrayList<>(chain);
            all.addAll(List.of(more));
            return new Holder(all, keys);
        }

        X509Certificate certificate() {
            return chain.get(0);
        }
    }

    /** A good device's certificate, until it is made bad. */
    Leaf leaf(String commonName) {
        return new Leaf(name, keys.getPrivate(), keys.getPublic()).subject(new X500Name("CN=" + commonName));
    }

    /** A server's certificate for localhost. */
    Holder server() {
        return server("localhost");
    }

    Holder server(String host) {
        return leaf(host)
                .usage(KeyPurposeId.id_kp_serverAuth)
                .names(new GeneralName(GeneralName.dNSName, host), new GeneralName(GeneralName.iPAddress, "127.0.0.1"))
                .make();
    }

    /** A certificate in the making. */
    static final class Leaf {
        private final X500Name issuer;
        private final PrivateKey issuerKey;
        private final PublicKey issuerPublicKey;
        private X500Name subject = new X500Name("CN=nobody");
        private BigInteger serial = new BigInteger(120, RANDOM).setBit(120);
        private Instant from = Instant.now().minus(Duration.ofHours(1));
        private Instant until = Instant.now().plus(Duration.ofDays(90));
        private KeyPair keys = keys("P-256");
        private String signature = "SHA256withECDSA";
        private int keyUsage = KeyUsage.digitalSignature;
        private List<KeyPurposeId> usages = List.of(KeyPurposeId.id_kp_clientAuth);
        private List<GeneralName> names = List.of();
        private final List<Extension> more = new ArrayList<>();
        private boolean authority;
        private int pathLength = -1;
        private boolean versionOne;

        private Leaf(X500Name issuer, PrivateKey issuerKey, PublicKey issuerPublicKey) {
            this.issuer = issuer;
            this.issuerKey = issuerKey;
            this.issuerPublicKey = issuerPublicKey;
        }

        Leaf subject(X500Name value) {
            subject = value;
            return this;
        }

        /** Any text as common name, with what RFC 4514 would escape. */
        Leaf rawName(String... commonNames) {
            X500NameBuilder builder = new X500NameBuilder();
            for (String one : commonNames) {
                builder.addRDN(BCStyle.CN, new org.bouncycastle.asn1.DERUTF8String(one));
            }
            subject = builder.build();
            return this;
        }

        Leaf serial(BigInteger value) {
            serial = value;
            return this;
        }

        Leaf valid(Instant start, Instant end) {
            from = start;
            until = end;
            return this;
        }

        Leaf key(String kind) {
            keys = keys(kind);
            return this;
        }

        Leaf ownKey(KeyPair pair) {
            keys = pair;
            return this;
        }

        Leaf signedWith(String algorithm) {
            signature = algorithm;
            return this;
        }

        Leaf keyUsage(int bits) {
            keyUsage = bits;
            return this;
        }

        /** None: no extended key usage at all. */
        Leaf usage(KeyPurposeId... values) {
            usages = List.of(values);
            return this;
        }

        Leaf names(GeneralName... values) {
            names = List.of(values);
            return this;
        }

        Leaf uris(String... values) {
            List<GeneralName> all = new ArrayList<>();
            for (String value : values) {
                all.add(new GeneralName(GeneralName.uniformResourceIdentifier, value));
            }
            names = all;
            return this;
        }

        Leaf unknownCritical() {
            more.add(new Extension(
                    new ASN1ObjectIdentifier("1.3.6.1.4.1.55555.1.1"), true, new DEROctetString(new byte[] {5, 0})));
            return this;
        }

        Leaf criticalDistributionPoint() {
            DistributionPoint point = new DistributionPoint(
                    new DistributionPointName(new GeneralNames(
                            new GeneralName(GeneralName.uniformResourceIdentifier, "http://127.0.0.1:1/x.crl"))),
                    null,
                    null);
            try {
                more.add(new Extension(
                        Extension.cRLDistributionPoints,
                        true,
                        new CRLDistPoint(new DistributionPoint[] {point}).getEncoded()));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return this;
        }

        Leaf responder(String uri) {
            try {
                more.add(new Extension(
                        Extension.authorityInfoAccess,
                        false,
                        new AuthorityInformationAccess(
                                        org.bouncycastle.asn1.x509.AccessDescription.id_ad_ocsp,
                                        new GeneralName(GeneralName.uniformResourceIdentifier, uri))
                                .getEncoded()));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return this;
        }

        Leaf versionOne() {
            versionOne = true;
            return this;
        }

        Leaf authority(int length) {
            authority = true;
            pathLength = length;
            keyUsage = KeyUsage.keyCertSign | KeyUsage.cRLSign;
            usages = List.of();
            return this;
        }

        Holder make() {
            try {
                SubjectPublicKeyInfo key =
                        SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded());
                ContentSigner signer = new JcaContentSignerBuilder(signature).build(issuerKey);
                if (versionOne) {
                    return holder(new X509v1CertificateBuilder(
                                    issuer, serial, Date.from(from), Date.from(until), subject, key)
                            .build(signer)
                            .getEncoded());
                }
                X509v3CertificateBuilder builder =
                        new X509v3CertificateBuilder(issuer, serial, Date.from(from), Date.from(until), subject, key);
                JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
                builder.addExtension(
                        Extension.basicConstraints,
                        true,
                        !authority
                                ? new BasicConstraints(false)
                                : pathLength < 0 ? new BasicConstraints(true) : new BasicConstraints(pathLength));
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(keyUsage));
                if (!usages.isEmpty()) {
                    builder.addExtension(
                            Extension.extendedKeyUsage,
                            false,
                            new ExtendedKeyUsage(usages.toArray(KeyPurposeId[]::new)));
                }
                if (!names.isEmpty()) {
                    builder.addExtension(
                            Extension.subjectAlternativeName,
                            subject.getRDNs().length == 0,
                            new GeneralNames(names.toArray(GeneralName[]::new)));
                }
                builder.addExtension(
                        Extension.authorityKeyIdentifier, false, utils.createAuthorityKeyIdentifier(issuerPublicKey));
                if (authority) {
                    builder.addExtension(Extension.subjectKeyIdentifier, false, utils.createSubjectKeyIdentifier(key));
                }
                for (Extension extension : more) {
                    builder.addExtension(extension);
                }
                return holder(builder.build(signer).getEncoded());
            } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
                throw new AssertionError(e);
            }
        }

        private Holder holder(byte[] encoded) {
            return new Holder(List.of(parse(encoded)), keys);
        }
    }

    /** A revocation list in the making. */
    X509v2CRLBuilder list(Instant from, Instant until) {
        return new X509v2CRLBuilder(name, Date.from(from)).setNextUpdate(Date.from(until));
    }

    /** A revocation list with a number, valid now, in DER. */
    byte[] list(long number, X509Certificate... revoked) {
        return list(number, CRLReason.unspecified, revoked);
    }

    byte[] list(long number, int reason, X509Certificate... revoked) {
        return list(
                number, reason, Instant.now().minusSeconds(3600), Instant.now().plusSeconds(86_400), revoked);
    }

    byte[] list(long number, int reason, Instant from, Instant until, X509Certificate... revoked) {
        X509v2CRLBuilder builder = list(from, until);
        for (X509Certificate one : revoked) {
            builder.addCRLEntry(one.getSerialNumber(), Date.from(from), reason);
        }
        return sign(builder, number, false);
    }

    byte[] sign(X509v2CRLBuilder builder, long number, boolean unknownCritical) {
        try {
            builder.addExtension(
                    Extension.cRLNumber, false, new org.bouncycastle.asn1.x509.CRLNumber(BigInteger.valueOf(number)));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(keys.getPublic()));
            if (unknownCritical) {
                builder.addExtension(
                        new ASN1ObjectIdentifier("1.3.6.1.4.1.55555.1.2"), true, new DEROctetString(new byte[] {1}));
            }
            return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                    .getEncoded();
        } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
            throw new AssertionError(e);
        }
    }

    JcaX509CertificateHolder holder() {
        try {
            return new JcaX509CertificateHolder(certificate);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    // files

    static String pem(X509Certificate... certificates) {
        StringBuilder text = new StringBuilder();
        for (X509Certificate one : certificates) {
            try {
                text.append(block("CERTIFICATE", one.getEncoded()));
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
        return text.toString();
    }

    static String block(String what, byte[] encoded) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(encoded)
                + "\n-----END " + what + "-----\n";
    }

    static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Puts a file in its place in one step, as programs that publish do. */
    static void write(Path file, byte[] bytes) {
        try {
            Path parent = file.toAbsolutePath().getParent();
            Files.createDirectories(parent);
            Path temporary = Files.createTempFile(parent, ".new", "");
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-------"));
            Files.write(temporary, bytes);
            Files.move(temporary, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static void write(Path certificate, Path key, Holder holder) {
        write(key, block("PRIVATE KEY", holder.keys().getPrivate().getEncoded()));
        write(certificate, pem(holder.chain().toArray(X509Certificate[]::new)));
    }

    private static X509Certificate parse(byte[] encoded) {
        try {
            Certificate certificate = CertificateFactory.getInstance("X.509")
                    .generateCertificate(new java.io.ByteArrayInputStream(encoded));
            return (X509Certificate) certificate;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Keys of a kind, the same for all who ask: {@code P-256}, {@code RSA-2048}, {@code Ed25519}, ... */
    static KeyPair keys(String kind) {
        return KEYS.computeIfAbsent(kind, Forge::freshKeys);
    }

    static KeyPair freshKeys(String kind) {
        try {
            if (kind.startsWith("RSA-")) {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                generator.initialize(Integer.parseInt(kind.substring(4)));
                return generator.generateKeyPair();
            }
            if (kind.equals("Ed25519")) {
                return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            }
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp" + kind.substring(2) + "r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}

package io.gatehouse.interop;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An authority that also issues what the broker must refuse, which Gatehouse's own authority would not sign.
 *
 * <p>Used by one test thread. Writes {@code NAME.pem} and {@code NAME.key} into its folder.
 */
public final class TestAuthority {
    /** A certificate and its private key, as the files a client is given. */
    public record Identity(Path certificate, Path key) {}

    private static final Duration LIFE = Duration.ofDays(1);

    private final Path folder;
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;
    private final Path file;

    public TestAuthority(Path folder, String name) {
        this.folder = folder;
        Instant now = Instant.now();
        X500Name subject = new X500Name("CN=" + name);
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    subject, serial(), from(now.minus(LIFE)), from(now.plus(LIFE)), subject, keys.getPublic());
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
            certificate = signed(builder);
            file = write(name + ".pem", certificate);
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The authority's own certificate. */
    public Path file() {
        return file;
    }

    /** A client certificate that is valid now. */
    public Identity client(String name) {
        return issue(name, name, KeyPurposeId.id_kp_clientAuth, Instant.now().plus(LIFE));
    }

    /** A client certificate whose last day was yesterday. */
    public Identity expiredClient(String name) {
        Instant hourAgo = Instant.now().minus(Duration.ofHours(1));
        return issue(name + "-expired", name, KeyPurposeId.id_kp_clientAuth, hourAgo);
    }

    /** A certificate that names a client and is for servers only. */
    public Identity clientForServersOnly(String name) {
        return issue(
                name + "-server-only",
                name,
                KeyPurposeId.id_kp_serverAuth,
                Instant.now().plus(LIFE));
    }

    /** The broker's certificate, for every name its clients call it by. */
    public Identity server(String... names) {
        return issue(
                "server", names[0], KeyPurposeId.id_kp_serverAuth, Instant.now().plus(LIFE), names);
    }

    private Identity issue(String fileName, String commonName, KeyPurposeId usage, Instant end, String... dnsNames) {
        KeyPair own = newKeys();
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    certificate,
                    serial(),
                    from(end.minus(LIFE.multipliedBy(2))),
                    from(end),
                    new X500Name("CN=" + commonName),
                    own.getPublic());
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(usage));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(own.getPublic()));
            builder.addExtension(
                    Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(certificate));
            if (dnsNames.length > 0) {
                GeneralName[] names = new GeneralName[dnsNames.length];
                for (int i = 0; i < names.length; i++) {
                    names[i] = new GeneralName(GeneralName.dNSName, dnsNames[i]);
                }
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
            }
            return new Identity(
                    write(fileName + ".pem", signed(builder)),
                    write(fileName + ".key", new JcaPKCS8Generator(own.getPrivate(), null)));
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    private X509Certificate signed(JcaX509v3CertificateBuilder builder)
            throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    }

    private Path write(String name, Object content) {
        try {
            StringWriter text = new StringWriter();
            try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
                pem.writeObject(content);
            }
            Path target = folder.resolve(name);
            Files.writeString(target, text.toString());
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
            return target;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static BigInteger serial() {
        return new BigInteger(120, new SecureRandom()).setBit(120);
    }

    private static Date from(Instant instant) {
        return Date.from(instant);
    }
}

package io.gatehouse.cli;

import static io.gatehouse.cli.CertsCalls.certs;
import static io.gatehouse.cli.CertsCalls.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.pki.BrokenKeys;
import io.gatehouse.pki.Pem;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which revocation lists {@code certs verify --crl} believes. The authorities sign whatever they are asked to. */
class CertsVerifyTest {
    private static final Date BEFORE = Date.from(Instant.now().minus(Duration.ofHours(1)));
    private static final Date LATER = Date.from(Instant.now().plus(Duration.ofDays(1)));
    private static final int AUTHORITY = KeyUsage.keyCertSign | KeyUsage.cRLSign;

    private record Holder(X500Name name, KeyPair keys, X509Certificate certificate) {}

    @TempDir
    private static Path temp;

    private static Holder root;
    private static Holder devices;
    private static Holder pump;

    @BeforeAll
    static void aChain() throws Exception {
        root = certified("Root", null, AUTHORITY);
        devices = certified("Devices", root, AUTHORITY);
        pump = certified("pump", devices, KeyUsage.digitalSignature);
        Files.writeString(temp.resolve("root.pem"), Pem.of(root.certificate));
        Files.writeString(temp.resolve("pump.pem"), Pem.of(pump.certificate, devices.certificate));
    }

    private static Holder certified(String name, Holder issuer, int usage) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return certified(name, issuer, usage, generator.generateKeyPair());
    }

    private static Holder certified(String name, Holder issuer, int usage, KeyPair keys) throws Exception {
        X500Name subject = new X500Name("CN=" + name);
        boolean authority = (usage & KeyUsage.keyCertSign) != 0;
        var builder = new JcaX509v3CertificateBuilder(
                issuer == null ? subject : issuer.name,
                new BigInteger(100, new java.security.SecureRandom()).setBit(100),
                BEFORE,
                LATER,
                subject,
                keys.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
        if (!authority) {
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
        }
        X509Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA")
                        .build((issuer == null ? keys : issuer.keys).getPrivate())));
        return new Holder(subject, keys, certificate);
    }

    private static X509v2CRLBuilder listOf(Holder issuer) {
        return new X509v2CRLBuilder(issuer.name, BEFORE).setNextUpdate(LATER);
    }

    private static Path signed(X509v2CRLBuilder list, Holder signer, String algorithm) throws Exception {
        return Files.write(
                temp.resolve("list.crl"),
                list.build(new JcaContentSignerBuilder(algorithm).build(signer.keys.getPrivate()))
                        .getEncoded());
    }

    private static Object[] verify(Path file, Path list) {
        return new Object[] {"verify", file, "--ca", temp.resolve("root.pem"), "--crl", list};
    }

    private static String refused(Path file, Path list) {
        CertsCalls.Answer answer = certs(verify(file, list));
        assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(4);
        return answer.err();
    }

    @Test
    void verify_withAListOfTheAuthorityOnThePath_believesIt() throws Exception {
        Path file = temp.resolve("pump.pem");
        done(verify(file, signed(listOf(devices), devices, "SHA256withECDSA")));
        X509v2CRLBuilder naming = listOf(devices).addCRLEntry(pump.certificate.getSerialNumber(), BEFORE, 1);
        assertThat(refused(file, signed(naming, devices, "SHA256withECDSA"))).contains("CERT_REVOKED");
    }

    /** Who was revoked puts an authority of the same name behind the trusted one, with an empty list of its own. */
    @Test
    void verify_withAListOfWhatTheFileBringsAlong_doesNotBelieveIt() throws Exception {
        Holder fake = certified("Devices", null, AUTHORITY);
        Path list = signed(listOf(fake), fake, "SHA256withECDSA");
        Path behind = Files.writeString(
                temp.resolve("behind.pem"),
                Pem.of(pump.certificate, devices.certificate, root.certificate, fake.certificate));
        assertThat(refused(behind, list))
                .contains("CERT_CRL: " + list + " is signed by none of the authorities")
                .doesNotContain("CERT_CHAIN");
        Path between = Files.writeString(
                temp.resolve("between.pem"), Pem.of(pump.certificate, devices.certificate, fake.certificate));
        assertThat(refused(between, list)).contains("CERT_CRL: ", "CERT_CHAIN: ");
    }

    @Test
    void verify_withAListOfItsOwnHolder_doesNotBelieveIt() throws Exception {
        Holder namesake = certified("Devices", devices, KeyUsage.digitalSignature | KeyUsage.cRLSign);
        Path file = Files.writeString(temp.resolve("namesake.pem"), Pem.of(namesake.certificate, devices.certificate));
        done(verify(file, signed(listOf(devices), devices, "SHA256withECDSA")));
        assertThat(refused(file, signed(listOf(devices), namesake, "SHA256withECDSA")))
                .contains("CERT_CRL: ", "signed by none of the authorities");
    }

    @Test
    void verify_withAListThatMayNotSayAll_doesNotBelieveIt() throws Exception {
        X509v2CRLBuilder list = listOf(devices)
                .addExtension(
                        Extension.issuingDistributionPoint, true, new IssuingDistributionPoint(null, true, false));
        assertThat(refused(temp.resolve("pump.pem"), signed(list, devices, "SHA256withECDSA")))
                .contains("CERT_CRL: ", "critical extension", "2.5.29.28");
    }

    @Test
    void verify_withAListUnderAWeakSignature_doesNotBelieveIt() throws Exception {
        assertThat(refused(temp.resolve("pump.pem"), signed(listOf(devices), devices, "SHA1withECDSA")))
                .contains("CERT_CRL: ", "is signed with SHA1withECDSA");
    }

    @Test
    void verify_withAListOfWhoMaySignNone_doesNotBelieveIt() throws Exception {
        Holder other = certified("Others", root, KeyUsage.keyCertSign);
        Holder lamp = certified("lamp", other, KeyUsage.digitalSignature);
        Path file = Files.writeString(temp.resolve("lamp.pem"), Pem.of(lamp.certificate, other.certificate));
        assertThat(refused(file, signed(listOf(other), other, "SHA256withECDSA")))
                .contains("CERT_CRL: ", "signed by none of the authorities");
    }

    @Test
    void verify_aKeyThatAnybodyCanCompute_namesTheRule() throws Exception {
        Holder broken = certified("pump-8", devices, KeyUsage.digitalSignature, new BrokenKeys(7).closePrimes(2048));
        Files.writeString(temp.resolve("pump-8.pem"), Pem.of(broken.certificate, devices.certificate));

        CertsCalls.Answer answer = certs("verify", temp.resolve("pump-8.pem"), "--ca", temp.resolve("root.pem"));

        assertThat(answer.exitCode()).as(answer.out() + answer.err()).isEqualTo(4);
        assertThat(answer.err()).contains("CERT_BROKEN_KEY: its primes are so close");
    }
}

package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each rule, by a certificate that breaks it, most of them made by openssl; what keeps them all is in {@link VerifiersTest}. */
class LintTest {
    @TempDir
    Path temp;

    @ParameterizedTest(name = "{0}: {1} {2}")
    @CsvSource({
        "GH-CERT-011, /CN=x,          'basicConstraints=CA:FALSE'",
        "GH-CERT-012, /CN=x,          'keyUsage=digitalSignature'",
        "GH-CERT-013, /CN=x,          '1.2.3.4=critical,ASN1:NULL'",
        "GH-CERT-020, /CN=x,          'basicConstraints=critical,CA:TRUE;keyUsage=critical,keyCertSign'",
        "GH-CERT-021, /CN=x,          'basicConstraints=critical,CA:TRUE;extendedKeyUsage=clientAuth'",
        "GH-CERT-022, /CN=x,          'basicConstraints=critical,CA:TRUE;subjectKeyIdentifier=none'",
        "GH-CERT-025, /CN=x,          'basicConstraints=critical,CA:TRUE;keyUsage=critical,keyCertSign,cRLSign,keyAgreement'",
        "GH-CERT-026, /CN=x,          'basicConstraints=critical,CA:TRUE;nameConstraints=permitted;DNS:a'",
        "GH-CERT-030, /CN=x,          'basicConstraints=critical,CA:FALSE;keyUsage=critical,keyAgreement'",
        "GH-CERT-031, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth,codeSigning'",
        "GH-CERT-032, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=anyExtendedKeyUsage'",
        "GH-CERT-033, /CN=x,          'basicConstraints=critical,CA:FALSE;authorityKeyIdentifier=none'",
        "GH-CERT-035, /CN=x,          'basicConstraints=critical,CA:FALSE;keyUsage=critical,digitalSignature,cRLSign'",
        "GH-CERT-036, /CN=x,          'basicConstraints=critical,CA:FALSE;nameConstraints=permitted;DNS:a'",
        "GH-CERT-037, /CN=x,          'subjectKeyIdentifier=critical,hash'",
        "GH-CERT-038, /CN=x,          'authorityInfoAccess=critical,OCSP;URI:http://x'",
        "GH-CERT-039, /CN=x,          'subjectAltName=critical,DNS:a'",
        "GH-CERT-040, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth;subjectAltName=URI:a:b,URI:c:d'",
        "GH-CERT-041, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth;subjectAltName=DNS:a'",
        "GH-CERT-042, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth;crlDistributionPoints=URI:http://x'",
        "GH-CERT-043, /O=x,           'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth'",
        "GH-CERT-044, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth;subjectKeyIdentifier=hash'",
        "GH-CERT-045, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=clientAuth;subjectAltName=URI:pump'",
        "GH-CERT-050, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=serverAuth'",
        "GH-CERT-051, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=serverAuth;subjectAltName=DNS:*.a'",
        "GH-CERT-052, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=serverAuth;subjectAltName=DNS:a_b'",
        "GH-CERT-053, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=serverAuth;subjectAltName=DNS:10.0.0.1'",
        "GH-CERT-060, /CN=x,          'basicConstraints=critical,CA:FALSE;extendedKeyUsage=OCSPSigning'"
    })
    void certificateByOpenssl_breaksTheRule(String rule, String subject, String extensions) throws Exception {
        assertThat(broken(openssl("ec", "ec_paramgen_curve:P-256", subject, extensions)))
                .contains(rule);
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @CsvSource({
        "GH-CERT-006, rsa, rsa_keygen_bits:1024",
        "GH-CERT-007, ec,  ec_paramgen_curve:P-521",
        "GH-CERT-018, rsa, rsa_keygen_pubexp:3"
    })
    void keyByOpenssl_breaksTheRule(String rule, String kind, String option) throws Exception {
        assertThat(broken(openssl(kind, option, "/CN=x", "keyUsage=critical,keyCertSign,cRLSign")))
                .contains(rule);
    }

    @Test
    void authorityBelowAnother_withoutItsIdentifierAndPathLength_breaksTheRules() throws Exception {
        X509Certificate authority = made(generator -> {
            try {
                var extensions = new org.bouncycastle.asn1.x509.ExtensionsGenerator();
                extensions.addExtension(
                        org.bouncycastle.asn1.x509.Extension.basicConstraints,
                        true,
                        new org.bouncycastle.asn1.x509.BasicConstraints(true));
                generator.setExtensions(extensions.generate());
            } catch (java.io.IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(broken(authority)).contains("GH-CERT-023", "GH-CERT-024");
    }

    @Test
    void timesInTheOtherForm_uniqueIds_andALongName_breakTheRules() throws Exception {
        assertThat(broken(made(
                        generator -> generator.setStartDate(new Time(new ASN1GeneralizedTime("20200101000000Z"))))))
                .contains("GH-CERT-014");
        assertThat(broken(made(generator -> generator.setSubjectUniqueID(new DERBitString(new byte[] {1})))))
                .contains("GH-CERT-015");
        assertThat(broken(made(generator -> generator.setSubject(new X500Name(
                        new RDN[] {new RDN(BCStyle.CN, new DERUTF8String("x".repeat(65)))})))))
                .contains("GH-CERT-017");
        assertThat(broken(made(generator -> {}))).doesNotContain("GH-CERT-014", "GH-CERT-015", "GH-CERT-017");
    }

    @Test
    void rules_haveIdsOfTheirOwn() {
        assertThat(Stream.of(Lint.values()).map(Lint::id))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThanOrEqualTo(44);
        assertThat(Stream.of(Lint.values()).map(Lint::clause)).noneMatch(String::isBlank);
    }

    private static List<String> broken(X509Certificate certificate) {
        return Lint.of(certificate).stream().map(Lint::id).toList();
    }

    private X509Certificate openssl(String kind, String option, String subject, String extensions) throws Exception {
        Path out = temp.resolve("c.pem");
        List<Object> line = new ArrayList<>(List.of(
                "req",
                "-x509",
                "-newkey",
                kind,
                "-pkeyopt",
                option,
                "-nodes",
                "-keyout",
                temp.resolve("k.pem"),
                "-subj",
                subject,
                "-days",
                "30",
                "-out",
                out));
        // a semicolon divides them, but for the two whose values have one
        for (String extension : extensions.split(";(?!DNS:|URI:http)")) {
            line.add("-addext");
            line.add(extension);
        }
        OpenSsl.Answer answer = OpenSsl.run(line.toArray());
        assertThat(answer.exitCode()).as(answer.text()).isZero();
        return Pem.certificates(out).get(0);
    }

    /** Of somebody else's key. */
    static X509Certificate certificateOf(KeyPair pair) throws Exception {
        return made(generator -> generator.setSubjectPublicKeyInfo(
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded())));
    }

    private static X509Certificate made(java.util.function.Consumer<V3TBSCertificateGenerator> change)
            throws Exception {
        KeyPair pair = KeyKind.P256.generate(new SecureRandom());
        AlgorithmIdentifier algorithm = new DefaultSignatureAlgorithmIdentifierFinder().find("SHA256withECDSA");
        V3TBSCertificateGenerator generator = new V3TBSCertificateGenerator();
        generator.setSerialNumber(new ASN1Integer(new BigInteger(100, new SecureRandom()).setBit(90)));
        generator.setSignature(algorithm);
        generator.setIssuer(new X500Name("CN=issuer"));
        generator.setSubject(new X500Name("CN=x"));
        generator.setStartDate(new Time(Date.from(Instant.now())));
        generator.setEndDate(new Time(Date.from(Instant.now().plusSeconds(86_400))));
        generator.setSubjectPublicKeyInfo(
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()));
        change.accept(generator);
        var tbs = generator.generateTBSCertificate();
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(tbs.getEncoded("DER"));
        byte[] der = new DERSequence(
                        new org.bouncycastle.asn1.ASN1Encodable[] {tbs, algorithm, new DERBitString(signature.sign())})
                .getEncoded("DER");
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }
}

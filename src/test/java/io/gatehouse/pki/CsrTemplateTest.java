package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a device is told to ask for, read as RFC 9908 (3.4) and RFC 7030 (4.5.2) write it. */
class CsrTemplateTest {
    private static ASN1Sequence all(KeyKind key, boolean named) {
        return ASN1Sequence.getInstance(CsrTemplate.of(key, named));
    }

    private static ASN1Sequence info(ASN1Sequence all) {
        ASN1Sequence template = ASN1Sequence.getInstance(all.getObjectAt(0));
        assertThat(template.getObjectAt(0)).hasToString("1.2.840.113549.1.9.16.2.61");
        return ASN1Sequence.getInstance(
                ASN1Set.getInstance(template.getObjectAt(1)).getObjectAt(0));
    }

    private static ASN1Sequence key(ASN1Sequence all) {
        ASN1TaggedObject key = ASN1TaggedObject.getInstance(info(all).getObjectAt(2));
        assertThat(key.getTagNo()).isZero();
        return ASN1Sequence.getInstance(key, false);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "P256, 1.2.840.10045.2.1, 1.2.840.10045.3.1.7, 1.2.840.10045.4.3.2",
        "P384, 1.2.840.10045.2.1, 1.3.132.0.34,        1.2.840.10045.4.3.3"
    })
    void template_ofAnEllipticCurve_namesItTwice_andHasNoKey(
            KeyKind kind, String algorithm, String curve, String signature) {
        ASN1Sequence all = all(kind, true);
        assertThat(key(all)).hasToString("[[" + algorithm + ", " + curve + "]]");
        assertThat(all.getObjectAt(1)).hasToString("[" + algorithm + ", [" + curve + "]]");
        assertThat(all.getObjectAt(2)).hasToString(signature);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"RSA2048, 2048", "RSA3072, 3072", "RSA4096, 4096"})
    void template_ofRsa_holdsTheLengthWithAPlaceholder(KeyKind kind, int bits) throws Exception {
        ASN1Sequence all = all(kind, true);
        RSAPublicKey placeholder = (RSAPublicKey) KeyFactory.getInstance("RSA")
                .generatePublic(new X509EncodedKeySpec(
                        SubjectPublicKeyInfo.getInstance(key(all)).getEncoded()));
        assertThat(placeholder.getModulus().bitLength()).isEqualTo(bits);
        ASN1Sequence plain = ASN1Sequence.getInstance(all.getObjectAt(1));
        assertThat(plain.getObjectAt(0)).hasToString("1.2.840.113549.1.1.1");
        ASN1Encodable length = ASN1Set.getInstance(plain.getObjectAt(1)).getObjectAt(0);
        assertThat(ASN1Integer.getInstance(length).intValueExact()).isEqualTo(bits);
        assertThat(all.getObjectAt(2)).isInstanceOf(ASN1ObjectIdentifier.class);
    }

    @Test
    void template_ofEd25519_hasNoParameters() {
        ASN1Sequence all = all(KeyKind.ED25519, true);
        assertThat(key(all)).hasToString("[[1.3.101.112]]");
        assertThat(all.getObjectAt(1)).hasToString("1.3.101.112");
    }

    @ParameterizedTest
    @EnumSource
    void template_asksForAnAlternativeName_onlyWhereTheCertificateHasOne(KeyKind kind) {
        ASN1TaggedObject none =
                ASN1TaggedObject.getInstance(info(all(kind, false)).getObjectAt(3));
        assertThat(none.getTagNo()).isOne();
        assertThat(ASN1Set.getInstance(none, false).size()).isZero();
        ASN1TaggedObject one =
                ASN1TaggedObject.getInstance(info(all(kind, true)).getObjectAt(3));
        assertThat(ASN1Set.getInstance(one, false).getObjectAt(0))
                .hasToString("[1.2.840.113549.1.9.16.2.62, [[[2.5.29.17]]]]");
        assertThat(info(all(kind, true)).getObjectAt(1)).hasToString("[[[2.5.4.3]]]"); // a common name
    }
}

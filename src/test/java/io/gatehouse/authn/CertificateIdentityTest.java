package io.gatehouse.authn;

import static io.gatehouse.authn.Presented.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.tls.TestPeers;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERT61String;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.DERUniversalString;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateIdentityTest {
    private static final CertificateLogin DEVICES = CertificateLogin.DEFAULT.withUriPrefix("urn:gatehouse:device:");
    private static final CertificateLogin CN_ONLY =
            new CertificateLogin(List.of(CertificateSource.CN), null, null, 128);
    private static final CertificateLogin SPIFFE =
            new CertificateLogin(List.of(CertificateSource.SAN_URI), null, "acme.example", 128);

    static Stream<Arguments> named() {
        return Stream.of(
                row(
                        "a URI before a host and a common name",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").dns("d.example").uri("urn:x:u"),
                        "urn:x:u"),
                row(
                        "a host before a common name",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").dns("D.Example"),
                        "d.example"),
                row("a common name alone", CertificateLogin.DEFAULT, Certificates.cn("greenhouse"), "greenhouse"),
                row(
                        "a device's URI without its prefix",
                        DEVICES,
                        Certificates.cn("greenhouse").uri("urn:gatehouse:device:greenhouse"),
                        "greenhouse"),
                row("a device without a URI", DEVICES, Certificates.cn("greenhouse"), "greenhouse"),
                row(
                        "an address that stays unused does no harm",
                        CN_ONLY,
                        Certificates.cn("c").uri("urn:a").uri("urn:b"),
                        "c"),
                row("letters beyond ASCII", CN_ONLY, Certificates.cn("gerät-7"), "gerät-7"),
                row("BMPString", CN_ONLY, cn(new DERBMPString("gerät")), "gerät"),
                row(
                        "UniversalString",
                        CN_ONLY,
                        cn(new DERUniversalString("gerät".getBytes(java.nio.charset.Charset.forName("UTF-32BE")))),
                        "gerät"),
                row("T61String of ASCII", CN_ONLY, cn(new DERT61String("press7")), "press7"),
                row(
                        "e-mail, domain lowered",
                        login("cert.san.email"),
                        Certificates.subject().email("Ann@Example.ORG"),
                        "Ann@example.org"),
                row("serial", login("cert.serial"), Certificates.cn("c"), "cafe"),
                row(
                        "subject",
                        login("cert.subject"),
                        Certificates.subject()
                                .rdn(BCStyle.O, new DERUTF8String("Acme"))
                                .rdn(BCStyle.CN, new DERPrintableString("c")),
                        "CN=c,O=Acme"),
                row(
                        "SPIFFE",
                        SPIFFE,
                        Certificates.subject().uri("spiffe://acme.example/site/a/dev/7"),
                        "spiffe://acme.example/site/a/dev/7"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("named")
    void of_certificateWithOneName_isThatName(String row, CertificateLogin login, Certificates made, String user)
            throws CertificateFault {
        assertThat(CertificateIdentity.of(made.make(), login).user()).isEqualTo(user);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                row("nothing", CertificateLogin.DEFAULT, Certificates.subject(), "none of cert.san.uri"),
                row(
                        "two URIs",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").uri("urn:a").uri("urn:b"),
                        "2 values"),
                row(
                        "two hosts",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").dns("a.b").dns("c.d"),
                        "2 values"),
                row(
                        "two common names",
                        CN_ONLY,
                        Certificates.cn("a").rdn(BCStyle.CN, new DERUTF8String("b")),
                        "2 values"),
                row(
                        "two common names in one part",
                        CN_ONLY,
                        Certificates.subject().rdn(attribute(BCStyle.CN, "a"), attribute(BCStyle.CN, "b")),
                        "2 values"),
                row(
                        "the same name twice",
                        CN_ONLY,
                        Certificates.cn("a").rdn(BCStyle.CN, new DERUTF8String("a")),
                        "2 values"),
                row("NUL", CN_ONLY, Certificates.cn("admin\0.evil"), "control character U+0000"),
                row(
                        "NUL in a URI",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").uri("urn:a\0b"),
                        "U+0000"),
                row("NUL in a name not used", CN_ONLY, Certificates.cn("c").dns("a\0b"), "U+0000"),
                row("newline", CN_ONLY, Certificates.cn("a\nb"), "U+000A"),
                row("DEL", CN_ONLY, Certificates.cn("a\u007Fb"), "U+007F"),
                row("C1 control", CN_ONLY, Certificates.cn("a\u0085b"), "U+0085"),
                row("replacement character", CN_ONLY, Certificates.cn("a\uFFFDb"), "U+FFFD"),
                row("right-to-left override", CN_ONLY, Certificates.cn("a\u202Eb"), "U+202E"),
                row("zero-width space", CN_ONLY, Certificates.cn("a\u200Bb"), "U+200B"),
                row("decomposed letter", CN_ONLY, Certificates.cn("gera\u0308t"), "normal form"),
                row("129 bytes", CN_ONLY, Certificates.cn("x".repeat(129)), "longer than 128"),
                row("128 letters of 2 bytes", CN_ONLY, Certificates.cn("ä".repeat(65)), "longer than 128"),
                row("empty", CN_ONLY, Certificates.cn(""), "none of cert.cn"),
                row("reserved", CN_ONLY, Certificates.cn("$sys"), "begins with '$'"),
                row("invalid UTF-8", CN_ONLY, cn(new RawString(BERTags.UTF8_STRING, (byte) 0xC3)), "does not allow"),
                row(
                        "overlong UTF-8",
                        CN_ONLY,
                        cn(new RawString(BERTags.UTF8_STRING, (byte) 0xC0, (byte) 0x80)),
                        "does not allow"),
                row("8-bit IA5String", CN_ONLY, cn(new RawString(BERTags.IA5_STRING, (byte) 0xE9)), "does not allow"),
                row("8-bit T61String", CN_ONLY, cn(new RawString(BERTags.T61_STRING, (byte) 0xE9)), "does not allow"),
                row("BMPString with surrogates", CN_ONLY, cn(new DERBMPString("\uD83D\uDE00")), "surrogates"),
                row("octets", CN_ONLY, cn(new DEROctetString(new byte[] {65})), "is not text"),
                row(
                        "wildcard host",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").dns("*.example"),
                        "many hosts"),
                row("another prefix", DEVICES, Certificates.cn("g").uri("urn:other:g"), "does not begin with"),
                row("nothing behind the prefix", DEVICES, Certificates.cn("g").uri("urn:gatehouse:device:"), "empty"),
                row(
                        "e-mail without domain",
                        login("cert.san.email"),
                        Certificates.cn("c").email("ann@"),
                        "no address"),
                row(
                        "SPIFFE unasked for",
                        CertificateLogin.DEFAULT,
                        Certificates.cn("c").uri("spiffe://acme.example/x"),
                        "not configured"),
                row("SPIFFE of another domain", SPIFFE, spiffe("spiffe://evil.example/x"), "is not spiffe://acme"),
                row("SPIFFE with a port", SPIFFE, spiffe("spiffe://acme.example:1/x"), "is not spiffe://acme"),
                row("SPIFFE with a user", SPIFFE, spiffe("spiffe://u@acme.example/x"), "is not spiffe://acme"),
                row("SPIFFE with a query", SPIFFE, spiffe("spiffe://acme.example/x?y"), "is not spiffe://acme"),
                row("SPIFFE with a fragment", SPIFFE, spiffe("spiffe://acme.example/x#y"), "is not spiffe://acme"),
                row("SPIFFE in capitals", SPIFFE, spiffe("SPIFFE://acme.example/x"), "is not spiffe://acme"),
                row("SPIFFE without a path", SPIFFE, spiffe("spiffe://acme.example"), "no path"),
                row("SPIFFE with an empty segment", SPIFFE, spiffe("spiffe://acme.example/a//b"), "segment"),
                row("SPIFFE with a slash at its end", SPIFFE, spiffe("spiffe://acme.example/a/"), "segment"),
                row("SPIFFE with dots", SPIFFE, spiffe("spiffe://acme.example/a/../b"), "segment"),
                row("SPIFFE with an escape", SPIFFE, spiffe("spiffe://acme.example/a%2Fb"), "segment"),
                row("SPIFFE too long", SPIFFE, spiffe("spiffe://acme.example/" + "a".repeat(2048)), "longer than"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void of_certificateWithoutOneCleanName_isRefused(
            String row, CertificateLogin login, Certificates made, String why) {
        X509Certificate certificate;
        try {
            certificate = made.make();
        } catch (Certificates.Unreadable e) {
            // newer Java versions refuse some of these themselves, which Java 17 does not
            assumeTrue(Runtime.version().feature() <= 17, "refused by Java's own parser");
            throw e;
        }
        assertThatThrownBy(() -> CertificateIdentity.of(certificate, login))
                .isInstanceOf(CertificateFault.class)
                .hasMessageContaining(why)
                .message()
                .matches("[\\x20-\\x7E]+");
    }

    @Test
    void of_anyBytesForAName_yieldACleanNameOrARefusal() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int named = 0;
        int[] tags = {
            BERTags.UTF8_STRING,
            BERTags.PRINTABLE_STRING,
            BERTags.IA5_STRING,
            BERTags.T61_STRING,
            BERTags.BMP_STRING,
            BERTags.UNIVERSAL_STRING,
            BERTags.VISIBLE_STRING
        };
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                for (int b = 0; b < bytes.length; b++) {
                    bytes[b] = (byte) (0x20 + (bytes[b] & 0x3F));
                }
            }
            int tag = tags[random.nextInt(tags.length)];
            int unit = tag == BERTags.BMP_STRING ? 2 : tag == BERTags.UNIVERSAL_STRING ? 4 : 1;
            bytes = Arrays.copyOf(bytes, bytes.length / unit * unit);
            try {
                String user = CertificateIdentity.of(
                                cn(new RawString(tag, bytes)).make(), CN_ONLY)
                        .user();
                assertThat(user).isNotEmpty().doesNotContain("\0", "\uFFFD", "\n");
                assertThat(user.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(128);
                named++;
            } catch (Certificates.Unreadable e) {
                assertThat(Runtime.version().feature()).isGreaterThan(17);
            } catch (CertificateFault e) {
                assertThat(e.getMessage()).matches("[\\x20-\\x7E]+");
            }
        }
        // neither side of the test is empty
        assertThat(named).isBetween(100, 1_900);
    }

    @Test
    void authenticate_certificate_yieldsAttributesAndItsEnd() {
        X509Certificate certificate = Certificates.cn("greenhouse")
                .uri("urn:gatehouse:device:greenhouse")
                .make();
        Authentication answer = answer(
                new CertificateAuthenticator(DEVICES),
                Presented.password(TestPeers.tls(certificate), "ignored", "ignored"));
        Principal principal = ((Authentication.Accepted) answer).principal();
        assertThat(principal.owner()).isEqualTo(new Owner("greenhouse", "certificate"));
        assertThat(principal.expiresAt()).contains(Instant.parse("2027-01-01T00:00:00Z"));
        Map<String, List<String>> attributes = principal.subject().attributes();
        assertThat(attributes)
                .containsEntry("cert.cn", List.of("greenhouse"))
                .containsEntry("cert.san.uri", List.of("urn:gatehouse:device:greenhouse"))
                .containsEntry("cert.issuer", List.of("O=Acme,CN=Test CA"))
                .containsEntry("cert.subject", List.of("CN=greenhouse"))
                .containsEntry("cert.serial", List.of("cafe"))
                .doesNotContainKey("cert.san.dns");
        assertThat(attributes.get("cert.sha256").get(0)).matches("[0-9a-f]{64}");
    }

    @Test
    void authenticate_noCertificate_isRefused() {
        Authentication answer =
                answer(new CertificateAuthenticator(CertificateLogin.DEFAULT), Presented.password("ann", "password"));
        assertThat(((Authentication.Rejected) answer).reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cert.cm", "cn", "", "cert.cn |", "cert.cn | cert.cn", "CERT.CN", "cert.cn, cert.san.uri"})
    void parse_unknownSource_isRefused(String text) {
        assertThatThrownBy(() -> CertificateSource.parse(text)).isInstanceOf(Unusable.class);
    }

    @Test
    void parse_sources_keepTheirOrder() throws Unusable {
        assertThat(CertificateSource.parse("cert.san.uri | cert.san.dns|cert.cn"))
                .isEqualTo(CertificateLogin.DEFAULT.user());
        assertThatThrownBy(() -> CertificateSource.parse("cert.cm")).hasMessageContaining("did you mean 'cert.cn'?");
    }

    private static CertificateLogin login(String sources) {
        try {
            return new CertificateLogin(CertificateSource.parse(sources), null, null, 128);
        } catch (Unusable e) {
            throw new AssertionError(e);
        }
    }

    private static Certificates spiffe(String uri) {
        return Certificates.cn("c").uri(uri);
    }

    private static Certificates cn(ASN1Encodable value) {
        return Certificates.subject().rdn(BCStyle.CN, value);
    }

    private static org.bouncycastle.asn1.x500.AttributeTypeAndValue attribute(
            org.bouncycastle.asn1.ASN1ObjectIdentifier type, String value) {
        return new org.bouncycastle.asn1.x500.AttributeTypeAndValue(type, new DERUTF8String(value));
    }

    private static Arguments row(String name, Object... rest) {
        Object[] all = new Object[rest.length + 1];
        all[0] = name;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return Arguments.of(all);
    }
}

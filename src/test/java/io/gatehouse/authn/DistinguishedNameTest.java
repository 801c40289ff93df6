package io.gatehouse.authn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DistinguishedNameTest {
    private static final Path OPENSSL = Path.of("/usr/bin/openssl");

    /** Each expectation was printed by OpenSSL 3.0 with -nameopt RFC2253. */
    static Stream<Arguments> golden() {
        return Stream.of(
                row(
                        "Mosquitto's example",
                        "CN=test client,OU=Production,O=Server,L=Nottingham,ST=Nottinghamshire,C=GB",
                        Certificates.subject()
                                .rdn(BCStyle.C, new DERPrintableString("GB"))
                                .rdn(BCStyle.ST, utf8("Nottinghamshire"))
                                .rdn(BCStyle.L, utf8("Nottingham"))
                                .rdn(BCStyle.O, utf8("Server"))
                                .rdn(BCStyle.OU, utf8("Production"))
                                .rdn(BCStyle.CN, utf8("test client"))),
                row(
                        "names that Java knows not",
                        "title=Mr,DC=example,serialNumber=SN42,UID=dev-1,emailAddress=a@b.c,CN=test cli\\C3\\A9nt",
                        Certificates.subject()
                                .rdn(BCStyle.CN, utf8("test cliént"))
                                .rdn(BCStyle.EmailAddress, new DERIA5String("a@b.c"))
                                .rdn(BCStyle.UID, utf8("dev-1"))
                                .rdn(BCStyle.SERIALNUMBER, new DERPrintableString("SN42"))
                                .rdn(BCStyle.DC, new DERIA5String("example"))
                                .rdn(BCStyle.T, utf8("Mr"))),
                row(
                        "several in one part",
                        "UID=7+CN=press,O=Acme",
                        Certificates.subject()
                                .rdn(BCStyle.O, utf8("Acme"))
                                .rdn(
                                        new AttributeTypeAndValue(BCStyle.CN, utf8("press")),
                                        new AttributeTypeAndValue(BCStyle.UID, utf8("7")))),
                row("specials", "CN=\\#a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h=i#j", cn("#a,b+c\"d\\e<f>g;h=i#j")),
                row("blanks at the edges", "CN=\\  a \\ ", cn("  a  ")),
                row("one blank", "CN=\\ ", cn(" ")),
                row("controls", "CN=a\\00\\0A\\7Fb", cn("a\0\n\u007Fb")),
                row("beyond the plane", "CN=\\F0\\9F\\98\\80", cn("\uD83D\uDE00")),
                row("BMPString", "CN=ger\\C3\\A4t", Certificates.subject().rdn(BCStyle.CN, new DERBMPString("gerät"))),
                row(
                        "T61String",
                        "CN=\\C3\\A9",
                        Certificates.subject().rdn(BCStyle.CN, new RawString(BERTags.T61_STRING, (byte) 0xE9))),
                row("bits", "CN=#03020041", Certificates.subject().rdn(BCStyle.CN, new DERBitString(new byte[] {65}))),
                row(
                        "unknown attribute",
                        "1.2.3.4=#0C0178,CN=a",
                        cn("a").rdn(new ASN1ObjectIdentifier("1.2.3.4"), utf8("x"))),
                row("empty value", "O=,CN=a", cn("a").rdn(BCStyle.O, utf8(""))),
                row("empty name", "", Certificates.subject()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("golden")
    void text_isWhatOpensslPrints(String name, String expected, Certificates made) throws Exception {
        X509Certificate certificate = made.make();
        assertThat(text(certificate)).isEqualTo(expected);
        if (Files.isExecutable(OPENSSL)) {
            assertThat(openssl(certificate)).isEqualTo(expected);
        }
    }

    @Test
    void text_ofAnyName_isWhatOpensslPrints() throws Exception {
        assumeTrue(Files.isExecutable(OPENSSL), "openssl is not installed (apt-get install openssl)");
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<ASN1ObjectIdentifier> types = new ArrayList<>(List.of(
                BCStyle.CN,
                BCStyle.EmailAddress,
                BCStyle.DC,
                BCStyle.UID,
                BCStyle.UnstructuredName,
                BCStyle.UnstructuredAddress,
                new ASN1ObjectIdentifier("1.3.6.1.4.1.311.60.2.1.1"),
                new ASN1ObjectIdentifier("1.3.6.1.4.1.311.60.2.1.2"),
                new ASN1ObjectIdentifier("1.3.6.1.4.1.311.60.2.1.3"),
                new ASN1ObjectIdentifier("0.9.2342.19200300.100.1.3"),
                new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1")));
        for (int number = 1; number <= 60; number++) {
            types.add(new ASN1ObjectIdentifier("0.9.2342.19200300.100.1." + number));
        }
        for (int number = 3; number <= 97; number++) {
            types.add(new ASN1ObjectIdentifier("2.5.4." + number));
        }
        int next = 0;
        for (int i = 0; i < 140; i++) {
            Certificates made = Certificates.subject();
            for (int part = 1 + random.nextInt(3); part > 0; part--) {
                // every type has its turn, in order: the short names are a table
                made.rdn(types.get(next++ % types.size()), value(random));
            }
            X509Certificate certificate = made.make();
            assertThat(text(certificate)).isEqualTo(openssl(certificate));
        }
        assertThat(next).isGreaterThan(types.size());
    }

    private static ASN1Encodable value(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(8)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte)
                    (random.nextInt(4) == 0
                            ? " #,+\"\\<>;=\0\n\t\u007F".charAt(random.nextInt(14))
                            : 0x20 + random.nextInt(95));
        }
        String ascii = new String(bytes, StandardCharsets.US_ASCII);
        return switch (random.nextInt(7)) {
            case 0 -> utf8(ascii + "é€");
            case 1 -> new DERPrintableString(ascii);
            case 2 -> new DERBMPString(ascii + "ж");
            case 3 -> new DERIA5String(ascii);
            case 4 -> new RawString(BERTags.T61_STRING, bytes);
            case 5 -> new DERBitString(bytes);
            default -> utf8(ascii);
        };
    }

    private static String text(X509Certificate certificate) throws CertificateFault {
        return DistinguishedName.text(
                X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()));
    }

    private static String openssl(X509Certificate certificate) throws Exception {
        Process process = new ProcessBuilder(
                        OPENSSL.toString(), "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253")
                .redirectErrorStream(true)
                .start();
        try (OutputStream input = process.getOutputStream()) {
            input.write(certificate.getEncoded());
        }
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).describedAs(printed).isZero();
        assertThat(printed).startsWith("subject=").endsWith("\n");
        return printed.substring("subject=".length(), printed.length() - 1);
    }

    private static Certificates cn(String value) {
        return Certificates.subject().rdn(BCStyle.CN, utf8(value));
    }

    private static DERUTF8String utf8(String text) {
        return new DERUTF8String(text);
    }

    private static Arguments row(String name, String expected, Certificates made) {
        return Arguments.of(name, expected, made);
    }
}

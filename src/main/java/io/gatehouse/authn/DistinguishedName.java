package io.gatehouse.authn;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;

/**
 * A distinguished name as text, letter by letter what {@code openssl x509 -nameopt RFC2253} prints. Stateless.
 *
 * <p>It is a legal RFC 4514 string, and it is what Mosquitto's {@code use_subject_as_username} yields; Java's own form
 * is legal too but differs (unknown short names, raw non-ASCII), and access rules written for one would not match the
 * other.
 */
final class DistinguishedName {
    // OpenSSL's short names; an attribute that is not here is printed as its number and a dump, as OpenSSL does
    private static final Map<String, String> SHORT_NAMES = Map.ofEntries(
            Map.entry("2.5.4.3", "CN"),
            Map.entry("2.5.4.4", "SN"),
            Map.entry("2.5.4.5", "serialNumber"),
            Map.entry("2.5.4.6", "C"),
            Map.entry("2.5.4.7", "L"),
            Map.entry("2.5.4.8", "ST"),
            Map.entry("2.5.4.9", "street"),
            Map.entry("2.5.4.10", "O"),
            Map.entry("2.5.4.11", "OU"),
            Map.entry("2.5.4.12", "title"),
            Map.entry("2.5.4.13", "description"),
            Map.entry("2.5.4.14", "searchGuide"),
            Map.entry("2.5.4.15", "businessCategory"),
            Map.entry("2.5.4.16", "postalAddress"),
            Map.entry("2.5.4.17", "postalCode"),
            Map.entry("2.5.4.18", "postOfficeBox"),
            Map.entry("2.5.4.19", "physicalDeliveryOfficeName"),
            Map.entry("2.5.4.20", "telephoneNumber"),
            Map.entry("2.5.4.21", "telexNumber"),
            Map.entry("2.5.4.22", "teletexTerminalIdentifier"),
            Map.entry("2.5.4.23", "facsimileTelephoneNumber"),
            Map.entry("2.5.4.24", "x121Address"),
            Map.entry("2.5.4.25", "internationaliSDNNumber"),
            Map.entry("2.5.4.26", "registeredAddress"),
            Map.entry("2.5.4.27", "destinationIndicator"),
            Map.entry("2.5.4.41", "name"),
            Map.entry("2.5.4.42", "GN"),
            Map.entry("2.5.4.43", "initials"),
            Map.entry("2.5.4.44", "generationQualifier"),
            Map.entry("2.5.4.45", "x500UniqueIdentifier"),
            Map.entry("2.5.4.46", "dnQualifier"),
            Map.entry("2.5.4.51", "houseIdentifier"),
            Map.entry("2.5.4.54", "dmdName"),
            Map.entry("2.5.4.65", "pseudonym"),
            Map.entry("2.5.4.72", "role"),
            Map.entry("2.5.4.97", "organizationIdentifier"),
            Map.entry("0.9.2342.19200300.100.1.1", "UID"),
            Map.entry("0.9.2342.19200300.100.1.3", "mail"),
            Map.entry("0.9.2342.19200300.100.1.25", "DC"),
            Map.entry("1.2.840.113549.1.9.1", "emailAddress"),
            Map.entry("1.2.840.113549.1.9.2", "unstructuredName"),
            Map.entry("1.2.840.113549.1.9.8", "unstructuredAddress"),
            Map.entry("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
            Map.entry("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
            Map.entry("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"));

    private static final String SPECIAL = ",+\"\\<>;";

    private DistinguishedName() {}

    /** Last attribute first, as RFC 2253 has it; empty for an empty name. */
    static String text(X500Name name) throws CertificateFault {
        StringBuilder text = new StringBuilder();
        RDN[] rdns = name.getRDNs();
        for (int i = rdns.length - 1; i >= 0; i--) {
            AttributeTypeAndValue[] attributes = rdns[i].getTypesAndValues();
            for (int j = attributes.length - 1; j >= 0; j--) {
                if (!text.isEmpty()) {
                    text.append(j == attributes.length - 1 ? ',' : '+');
                }
                append(text, attributes[j]);
            }
        }
        return text.toString();
    }

    private static void append(StringBuilder text, AttributeTypeAndValue attribute) throws CertificateFault {
        String number = attribute.getType().getId();
        String shortName = SHORT_NAMES.get(number);
        DerText.Raw raw = DerText.raw(attribute.getValue().toASN1Primitive());
        text.append(shortName == null ? number : shortName).append('=');
        byte[] utf8 = utf8(raw);
        if (shortName == null || utf8.length == 0 && !isText(raw.tag())) {
            text.append('#').append(HexFormat.of().withUpperCase().formatHex(raw.encoded()));
        } else {
            escape(text, utf8);
        }
    }

    private static boolean isText(int tag) {
        return switch (tag) {
            case BERTags.UTF8_STRING,
                    BERTags.NUMERIC_STRING,
                    BERTags.PRINTABLE_STRING,
                    BERTags.T61_STRING,
                    BERTags.IA5_STRING,
                    BERTags.UTC_TIME,
                    BERTags.GENERALIZED_TIME,
                    BERTags.VISIBLE_STRING,
                    BERTags.UNIVERSAL_STRING,
                    BERTags.BMP_STRING -> true;
            default -> false;
        };
    }

    /** The content in UTF-8, as OpenSSL converts it; empty for what is no text. */
    private static byte[] utf8(DerText.Raw raw) {
        if (!isText(raw.tag())) {
            return new byte[0];
        }
        Charset charset = switch (raw.tag()) {
            case BERTags.UTF8_STRING -> null;
            case BERTags.BMP_STRING -> StandardCharsets.UTF_16BE;
            case BERTags.UNIVERSAL_STRING -> Charset.forName("UTF-32BE");
            default -> StandardCharsets.ISO_8859_1;
        };
        return charset == null ? raw.content() : new String(raw.content(), charset).getBytes(StandardCharsets.UTF_8);
    }

    private static void escape(StringBuilder text, byte[] utf8) {
        for (int i = 0; i < utf8.length; i++) {
            int c = utf8[i] & 0xFF;
            boolean atEdge = i == 0 && (c == '#' || c == ' ') || i == utf8.length - 1 && c == ' ';
            if (c < 0x20 || c >= 0x7F) {
                text.append(String.format("\\%02X", c));
            } else if (SPECIAL.indexOf(c) >= 0 || atEdge) {
                text.append('\\').append((char) c);
            } else {
                text.append((char) c);
            }
        }
    }
}

package io.gatehouse.authn;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
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
    // OpenSSL's short names, number=name below each arc; an attribute that is not here is printed as its number and a
    // dump, as OpenSSL does
    private static final Map<String, String> SHORT_NAMES = shortNames(
            "2.5.4.",
            "3=CN 4=SN 5=serialNumber 6=C 7=L 8=ST 9=street 10=O 11=OU 12=title 13=description "
                    + "14=searchGuide 15=businessCategory 16=postalAddress 17=postalCode 18=postOfficeBox "
                    + "19=physicalDeliveryOfficeName 20=telephoneNumber 21=telexNumber "
                    + "22=teletexTerminalIdentifier 23=facsimileTelephoneNumber 24=x121Address "
                    + "25=internationaliSDNNumber 26=registeredAddress 27=destinationIndicator "
                    + "28=preferredDeliveryMethod 29=presentationAddress 30=supportedApplicationContext "
                    + "31=member 32=owner 33=roleOccupant 34=seeAlso 35=userPassword 36=userCertificate "
                    + "37=cACertificate 38=authorityRevocationList 39=certificateRevocationList "
                    + "40=crossCertificatePair 41=name 42=GN 43=initials 44=generationQualifier "
                    + "45=x500UniqueIdentifier 46=dnQualifier 47=enhancedSearchGuide 48=protocolInformation "
                    + "49=distinguishedName 50=uniqueMember 51=houseIdentifier 52=supportedAlgorithms "
                    + "53=deltaRevocationList 54=dmdName 65=pseudonym 72=role 97=organizationIdentifier 98=c3 "
                    + "99=n3 100=dnsName",
            "0.9.2342.19200300.100.1.",
            "1=UID 2=textEncodedORAddress 3=mail 4=info 5=favouriteDrink 6=roomNumber 7=photo "
                    + "8=userClass 9=host 10=manager 11=documentIdentifier 12=documentTitle "
                    + "13=documentVersion 14=documentAuthor 15=documentLocation 20=homeTelephoneNumber "
                    + "21=secretary 22=otherMailbox 23=lastModifiedTime 24=lastModifiedBy 25=DC 26=aRecord "
                    + "27=pilotAttributeType27 28=mXRecord 29=nSRecord 30=sOARecord 31=cNAMERecord "
                    + "37=associatedDomain 38=associatedName 39=homePostalAddress 40=personalTitle "
                    + "41=mobileTelephoneNumber 42=pagerTelephoneNumber 43=friendlyCountryName 44=uid "
                    + "45=organizationalStatus 46=janetMailbox 47=mailPreferenceOption 48=buildingName "
                    + "49=dSAQuality 50=singleLevelQuality 51=subtreeMinimumQuality 52=subtreeMaximumQuality "
                    + "53=personalSignature 54=dITRedirect 55=audio 56=documentPublisher",
            "1.2.840.113549.1.9.",
            "1=emailAddress 2=unstructuredName 7=challengePassword 8=unstructuredAddress " + "20=friendlyName",
            "1.3.6.1.4.1.311.60.2.1.",
            "1=jurisdictionL 2=jurisdictionST 3=jurisdictionC");

    private static final String SPECIAL = ",+\"\\<>;";

    private DistinguishedName() {}

    private static Map<String, String> shortNames(String... arcsAndNames) {
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < arcsAndNames.length; i += 2) {
            for (String name : arcsAndNames[i + 1].split(" ")) {
                int equals = name.indexOf('=');
                names.put(arcsAndNames[i] + name.substring(0, equals), name.substring(equals + 1));
            }
        }
        return Map.copyOf(names);
    }

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
            boolean atEdge = i == 0 && (c == ' ' || c == '#' && utf8.length > 1) || i == utf8.length - 1 && c == ' ';
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

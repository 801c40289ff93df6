package io.gatehouse.authn;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * What a policy can ask of a client's certificate: {@code cert.*} of a {@link Subject}. Stateless; any thread.
 *
 * <p>Reads the certificate's own bytes and not the JDK's rendering of them, which replaces what it cannot decode. A name
 * with a NUL, a control character or bytes of no text refuses the certificate as a whole: Mosquitto refuses
 * {@code admin\0.evil} for a reason.
 */
final class CertificateAttributes {
    static final String ISSUER = "cert.issuer";

    private CertificateAttributes() {}

    static Map<String, List<String>> of(X509Certificate certificate) throws CertificateFault {
        try {
            byte[] encoded = certificate.getEncoded();
            Certificate structure = new X509CertificateHolder(encoded).toASN1Structure();
            Map<String, List<String>> attributes = new LinkedHashMap<>();
            put(attributes, CertificateSource.CN, commonNames(structure));
            alternativeNames(structure, attributes);
            put(
                    attributes,
                    CertificateSource.SERIAL,
                    List.of(certificate.getSerialNumber().toString(16)));
            put(attributes, CertificateSource.SUBJECT, List.of(DistinguishedName.text(structure.getSubject())));
            attributes.put(ISSUER, List.of(DistinguishedName.text(structure.getIssuer())));
            put(attributes, CertificateSource.SHA256, List.of(Fingerprint.of(encoded)));
            return attributes;
        } catch (CertificateEncodingException | IOException | RuntimeException e) {
            // the parser's own words may quote the certificate; the handshake has accepted it, so this is rare
            throw new CertificateFault("it cannot be parsed (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static List<String> commonNames(Certificate certificate) throws CertificateFault {
        List<String> names = new ArrayList<>();
        for (RDN rdn : certificate.getSubject().getRDNs()) {
            for (AttributeTypeAndValue attribute : rdn.getTypesAndValues()) {
                if (attribute.getType().equals(BCStyle.CN)) {
                    names.add(text(attribute.getValue(), CertificateSource.CN));
                }
            }
        }
        return names;
    }

    private static void alternativeNames(Certificate certificate, Map<String, List<String>> attributes)
            throws CertificateFault {
        List<String> uris = new ArrayList<>();
        List<String> hosts = new ArrayList<>();
        List<String> mails = new ArrayList<>();
        GeneralNames names = GeneralNames.fromExtensions(
                certificate.getTBSCertificate().getExtensions(), Extension.subjectAlternativeName);
        for (GeneralName name : names == null ? new GeneralName[0] : names.getNames()) {
            switch (name.getTagNo()) {
                case GeneralName.uniformResourceIdentifier -> uris.add(text(name.getName(), CertificateSource.SAN_URI));
                case GeneralName.dNSName -> hosts.add(text(name.getName(), CertificateSource.SAN_DNS));
                case GeneralName.rfc822Name -> mails.add(text(name.getName(), CertificateSource.SAN_EMAIL));
                default -> {
                    // addresses, directory names and other forms name no user and no policy asks for them
                }
            }
        }
        put(attributes, CertificateSource.SAN_URI, uris);
        put(attributes, CertificateSource.SAN_DNS, hosts);
        put(attributes, CertificateSource.SAN_EMAIL, mails);
    }

    private static String text(ASN1Encodable value, CertificateSource source) throws CertificateFault {
        String text = DerText.text(DerText.raw(value.toASN1Primitive()))
                .orElseThrow(() -> new CertificateFault("its " + source + " is not text"));
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                throw new CertificateFault(
                        String.format("its %s holds the control character U+%04X", source, (int) text.charAt(i)));
            }
        }
        return text;
    }

    private static void put(Map<String, List<String>> attributes, CertificateSource source, List<String> values) {
        if (!values.isEmpty() && !values.equals(List.of(""))) {
            attributes.put(source.word(), List.copyOf(values));
        }
    }
}

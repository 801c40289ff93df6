package io.gatehouse.pki;

import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * The names of a certificate as its own bytes hold them, not as the JDK prints them: a NUL stays a NUL. Immutable.
 *
 * @param commonNames of the subject
 * @param uris of the alternative names
 * @param others every other text of subject and alternative names
 */
public record SubjectNames(List<String> commonNames, List<String> uris, List<String> others) {
    public SubjectNames {
        commonNames = List.copyOf(commonNames);
        uris = List.copyOf(uris);
        others = List.copyOf(others);
    }

    /**
     * Reads them.
     *
     * @throws PkiProblem if one of them is not text, or the certificate cannot be parsed
     */
    public static SubjectNames of(X509Certificate certificate) throws PkiProblem {
        try {
            Certificate structure = new X509CertificateHolder(certificate.getEncoded()).toASN1Structure();
            List<String> commonNames = new ArrayList<>();
            List<String> uris = new ArrayList<>();
            List<String> others = new ArrayList<>();
            for (RDN rdn : structure.getSubject().getRDNs()) {
                for (AttributeTypeAndValue attribute : rdn.getTypesAndValues()) {
                    (attribute.getType().equals(BCStyle.CN) ? commonNames : others).add(text(attribute.getValue()));
                }
            }
            GeneralNames names = structure.getTBSCertificate().getExtensions() == null
                    ? null
                    : GeneralNames.fromExtensions(
                            structure.getTBSCertificate().getExtensions(), Extension.subjectAlternativeName);
            for (GeneralName name : names == null ? new GeneralName[0] : names.getNames()) {
                switch (name.getTagNo()) {
                    case GeneralName.uniformResourceIdentifier -> uris.add(text(name.getName()));
                    case GeneralName.dNSName, GeneralName.rfc822Name -> others.add(text(name.getName()));
                    default -> {
                        // an address or a directory name is nobody's user name
                    }
                }
            }
            return new SubjectNames(commonNames, uris, others);
        } catch (CertificateEncodingException | java.io.IOException | RuntimeException e) {
            throw new PkiProblem(PkiProblem.Kind.INPUT, "a name of it is not text");
        }
    }

    private static String text(ASN1Encodable value) {
        if (value.toASN1Primitive() instanceof ASN1String string) {
            return string.getString();
        }
        throw new IllegalArgumentException("not text");
    }
}

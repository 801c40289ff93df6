package io.gatehouse.pki;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedDataGenerator;

/** Certificates and nothing else in the envelope that EST hands them over in (RFC 5652; RFC 7030, 4.1.3). Stateless. */
public final class CertsOnly {
    private CertsOnly() {}

    /** DER. */
    public static byte[] of(List<X509Certificate> certificates) {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        try {
            for (X509Certificate certificate : certificates) {
                generator.addCertificate(new JcaX509CertificateHolder(certificate));
            }
            return generator.generate(new CMSAbsentContent()).getEncoded("DER");
        } catch (CMSException | IOException | CertificateEncodingException e) {
            throw new IllegalStateException("certificates that were read cannot be written", e);
        }
    }
}

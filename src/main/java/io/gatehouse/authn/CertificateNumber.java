package io.gatehouse.authn;

import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * What is remembered of a login's certificate and says which one it was: its issuer's name and its serial number, which no
 * second certificate of that issuer has (RFC 5280, 4.1.2.2). Immutable.
 */
public record CertificateNumber(String issuer, BigInteger serial) {

    /** Of whoever logged in with one; empty for all others. */
    public static Optional<CertificateNumber> of(Subject subject) {
        List<String> issuers = subject.values(CertificateAttributes.ISSUER);
        List<String> serials = subject.values(CertificateSource.SERIAL.word());
        return subject.methods().contains(AuthMethod.CERTIFICATE) && issuers.size() == 1 && serials.size() == 1
                ? Optional.of(new CertificateNumber(issuers.get(0), new BigInteger(serials.get(0), 16)))
                : Optional.empty();
    }

    /** The name that certificates of an authority have as their issuer's; empty: it is no text, and none of them logs in. */
    public static Optional<String> nameOf(X509Certificate authority) {
        try {
            X509CertificateHolder holder = new X509CertificateHolder(authority.getEncoded());
            return Optional.of(DistinguishedName.text(holder.getSubject()));
        } catch (CertificateEncodingException | IOException | CertificateFault e) {
            return Optional.empty();
        }
    }
}

package io.gatehouse.authn;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code certificate_login:} of the configuration: how a certificate becomes a user name.
 *
 * @param user the fields to look in, in order: the first that the certificate has decides
 * @param uriPrefix what a {@code cert.san.uri} must begin with, taken off to make the name, such as
 *     {@code urn:gatehouse:device:}; null: the URI as a whole is the name
 * @param spiffeTrustDomain the trust domain that a {@code spiffe:} URI must be of; null: such URIs are refused
 * @param maxBytes the longest name, in UTF-8; a SPIFFE identifier may have {@link #MAX_SPIFFE_BYTES}
 */
public record CertificateLogin(
        List<CertificateSource> user,
        @Nullable String uriPrefix,
        @Nullable String spiffeTrustDomain,
        int maxBytes) {
    /** What the SPIFFE specification lets an identifier have. */
    public static final int MAX_SPIFFE_BYTES = 2048;

    /** {@code cert.san.uri | cert.san.dns | cert.cn}. */
    public static final CertificateLogin DEFAULT = new CertificateLogin(
            List.of(CertificateSource.SAN_URI, CertificateSource.SAN_DNS, CertificateSource.CN),
            null,
            null,
            UserName.DEFAULT_MAX_BYTES);

    public CertificateLogin {
        user = List.copyOf(user);
        if (user.isEmpty()) {
            throw new IllegalArgumentException("a certificate's user name has to come from somewhere");
        }
        if (maxBytes < 1 || maxBytes > MAX_SPIFFE_BYTES) {
            throw new IllegalArgumentException("max_name is 1 to " + MAX_SPIFFE_BYTES + ", not " + maxBytes);
        }
    }

    /** With the prefix of the certificates that {@code gatehouse certs device} issues. */
    public CertificateLogin withUriPrefix(String prefix) {
        return new CertificateLogin(user, prefix, spiffeTrustDomain, maxBytes);
    }
}

package io.gatehouse.authn;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** SHA-256, which every Java runtime has. Stateless. */
public final class Fingerprint {
    private Fingerprint() {}

    static byte[] bytes(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }

    /** In lower-case hexadecimal. */
    static String of(byte[] data) {
        return HexFormat.of().formatHex(bytes(data));
    }

    /** Of a certificate as it was received, in lower-case hexadecimal. */
    public static String of(X509Certificate certificate) {
        try {
            return of(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was parsed has its bytes", e);
        }
    }
}

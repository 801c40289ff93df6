package io.gatehouse.authn;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, which every Java runtime has. Stateless. */
final class Fingerprint {
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
}

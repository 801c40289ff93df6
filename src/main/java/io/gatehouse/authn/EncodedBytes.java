package io.gatehouse.authn;

import java.security.SecureRandom;
import java.util.Base64;

/** Base64 as hashes are stored in it, one spelling per value. Stateless. */
final class EncodedBytes {
    private EncodedBytes() {}

    /** Base64 with padding (RFC 4648, section 4), canonical. */
    static byte[] padded(String text) throws BadHash {
        return canonical(text, Base64.getEncoder());
    }

    /** Base64 without padding, canonical. */
    static byte[] unpadded(String text) throws BadHash {
        return canonical(text, Base64.getEncoder().withoutPadding());
    }

    static byte[] random(int bytes, SecureRandom random) {
        byte[] value = new byte[bytes];
        random.nextBytes(value);
        return value;
    }

    private static byte[] canonical(String text, Base64.Encoder encoder) throws BadHash {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (encoder.encodeToString(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // the same answer as for a second spelling of the same bytes, below
        }
        throw new BadHash("salt or hash is not proper Base64");
    }
}

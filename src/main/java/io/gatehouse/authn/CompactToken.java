package io.gatehouse.authn;

import io.gatehouse.json.Json;
import io.gatehouse.protocol.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;

/**
 * A signed token in compact form (RFC 7515, section 7.1) taken apart, nothing of it believed yet. Immutable.
 *
 * <p>Strict where libraries are kind: one spelling of every segment, no duplicate keys, no deep nesting, because a token
 * that two parsers read differently is two tokens.
 */
final class CompactToken {
    static final int MAX_BYTES = 8 * 1024;
    static final int MAX_HEADER_BYTES = 1024;
    static final int MAX_DEPTH = 8;

    private final Map<String, Object> header;
    private final Map<String, Object> claims;
    private final byte[] signingInput;
    private final byte[] signature;

    private CompactToken(
            Map<String, Object> header, Map<String, Object> claims, byte[] signingInput, byte[] signature) {
        this.header = header;
        this.claims = claims;
        this.signingInput = signingInput;
        this.signature = signature;
    }

    /** A token that is none; the message says why and quotes nothing. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    /** Whether a password field holds a token: two dots, and a first segment that decodes to a JSON object. */
    static boolean looksLikeOne(Secret secret) {
        if (secret.sizeBytes() < 5) {
            return false;
        }
        byte[] bytes = secret.copy();
        try {
            int dots = 0;
            int firstDot = -1;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '.') {
                    dots++;
                    firstDot = firstDot < 0 ? i : firstDot;
                }
            }
            if (dots != 2 || firstDot == 0 || firstDot > 2 * MAX_HEADER_BYTES) {
                return false;
            }
            byte[] header = Base64.getUrlDecoder().decode(Arrays.copyOf(bytes, firstDot));
            return header.length > 1 && header[0] == '{';
        } catch (IllegalArgumentException e) {
            return false;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    static CompactToken parse(byte[] token) throws Malformed {
        if (token.length > MAX_BYTES) {
            throw new Malformed("it has " + token.length + " bytes, the most is " + MAX_BYTES);
        }
        String text = new String(token, StandardCharsets.ISO_8859_1);
        String[] segments = text.split("\\.", -1);
        if (segments.length == 5) {
            throw new Malformed("it is encrypted (five segments), which is not taken");
        }
        if (segments.length != 3) {
            throw new Malformed("it has " + segments.length + " segments, not three");
        }
        byte[] header = segment(segments[0], "header");
        if (header.length > MAX_HEADER_BYTES) {
            throw new Malformed("its header has " + header.length + " bytes, the most is " + MAX_HEADER_BYTES);
        }
        byte[] signed = Arrays.copyOf(token, segments[0].length() + 1 + segments[1].length());
        return new CompactToken(
                object(header, "header"),
                object(segment(segments[1], "payload"), "payload"),
                signed,
                segment(segments[2], "signature"));
    }

    private static byte[] segment(String text, String what) throws Malformed {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            // one spelling: no padding, no stray low bits in the last character
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // the same answer as for another spelling, below
        }
        throw new Malformed("its " + what + " is not base64url");
    }

    private static Map<String, Object> object(byte[] json, String what) throws Malformed {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(json))
                    .toString();
            Map<String, Object> object = Json.object(text);
            if (depth(object) > MAX_DEPTH) {
                throw new Malformed("its " + what + " is nested deeper than " + MAX_DEPTH + " levels");
            }
            return object;
        } catch (CharacterCodingException | Json.NotJson e) {
            throw new Malformed("its " + what + " is not a JSON object with each key once");
        }
    }

    private static int depth(Object value) {
        Collection<?> inner =
                value instanceof Map<?, ?> map ? map.values() : value instanceof Collection<?> list ? list : null;
        if (inner == null) {
            return 0;
        }
        int deepest = 0;
        for (Object item : inner) {
            deepest = item == null ? deepest : Math.max(deepest, depth(item));
        }
        return deepest + 1;
    }

    Map<String, Object> header() {
        return header;
    }

    Map<String, Object> claims() {
        return claims;
    }

    byte[] signingInput() {
        return signingInput;
    }

    byte[] signature() {
        return signature;
    }

    @Override
    public String toString() {
        return "***";
    }
}

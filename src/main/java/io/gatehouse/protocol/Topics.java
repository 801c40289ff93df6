package io.gatehouse.protocol;

/** The character rules that topic names, topic filters and all other strings of MQTT share. Stateless. */
final class Topics {
    /** A UTF-8 string carries its length in two bytes (section 1.5.4). */
    static final int MAX_BYTES = 65_535;

    private Topics() {}

    /** Refuses what no string of the protocol may hold: U+0000 and unpaired surrogates [MQTT-1.5.4-1, -2]. */
    static void requireLegal(String text, ReasonCode reason, String what) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw new MalformedPacket(reason, what + " holds U+0000");
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new MalformedPacket(reason, what + " holds an unpaired surrogate");
            } else {
                bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
        }
        if (bytes > MAX_BYTES) {
            throw new MalformedPacket(reason, what + " is longer than " + MAX_BYTES + " bytes");
        }
    }

    static int levels(String text) {
        int levels = 1;
        for (int i = text.indexOf('/'); i >= 0; i = text.indexOf('/', i + 1)) {
            levels++;
        }
        return levels;
    }
}

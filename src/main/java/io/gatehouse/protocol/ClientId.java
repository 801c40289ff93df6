package io.gatehouse.protocol;

/**
 * A client identifier: any string of the protocol, at least one character long.
 *
 * <p>A CONNECT may leave it empty; the server then assigns one, so that inside the broker every client has one.
 */
public record ClientId(String text) {
    /** Longer than any client needs (the specification asks servers to take 23 characters), shorter than an attack. */
    public static final int MAX_LENGTH = 256;

    public ClientId {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            throw new MalformedPacket(
                    ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
                    "a client identifier has 1 to " + MAX_LENGTH + " characters, this one has " + text.length());
        }
        Topics.requireLegal(text, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "the client identifier");
    }

    @Override
    public String toString() {
        return text;
    }
}

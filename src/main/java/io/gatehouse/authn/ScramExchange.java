package io.gatehouse.authn;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The server's side of one SCRAM exchange (RFC 5802, section 5), from the client's first message on. Immutable.
 *
 * <p>Text in, text out; who the user is and what is stored for him is the caller's affair.
 *
 * @param user the name it begins with
 * @param gs2Header as sent, to be repeated by the client's last message
 */
record ScramExchange(String user, String gs2Header, String clientFirstBare, String clientNonce, String serverFirst) {
    private static final int MAX_BYTES = 4_096;

    // no mandatory extension (m=) and no channel binding (p=): neither is offered
    private static final Pattern CLIENT_FIRST =
            Pattern.compile("([ny],(?:a=([^,]*))?,)(n=([^,]*),r=([\\x21-\\x2B\\x2D-\\x7E]{1,128}))(?:,.*)?");
    private static final Pattern CLIENT_FINAL = Pattern.compile(
            "(c=([A-Za-z0-9+/=]+),r=([\\x21-\\x2B\\x2D-\\x7E]{1,256})(?:,[^m].*)?),p=([A-Za-z0-9+/=]+)");

    /** Reads the client's first message; empty if it is none that can be answered. */
    static Optional<ScramExchange> begin(byte[] message) {
        Optional<String> text = text(message);
        Matcher first = CLIENT_FIRST.matcher(text.orElse(""));
        if (!first.matches()) {
            return Optional.empty();
        }
        Optional<String> user = saslName(first.group(4));
        String onBehalf = first.group(2);
        if (user.isEmpty() || onBehalf != null && !onBehalf.equals(first.group(4))) {
            return Optional.empty();
        }
        String bare = text.orElse("").substring(first.group(1).length());
        return Optional.of(new ScramExchange(user.get(), first.group(1), bare, first.group(5), ""));
    }

    /** The exchange with the server's answer in it. */
    ScramExchange answered(String serverNonce, byte[] salt, int iterations) {
        String answer = "r=" + clientNonce + serverNonce + ",s="
                + Base64.getEncoder().encodeToString(salt) + ",i=" + iterations;
        return new ScramExchange(user, gs2Header, clientFirstBare, clientNonce + serverNonce, answer);
    }

    /** The client's last message: its proof, and what the proof is about. */
    record Proof(byte[] proof, String authMessage) {}

    /** Reads the client's last message; empty if it does not belong to this exchange. */
    Optional<Proof> end(byte[] message) {
        Matcher last = CLIENT_FINAL.matcher(text(message).orElse(""));
        if (!last.matches() || !last.group(3).equals(clientNonce)) {
            return Optional.empty();
        }
        String binding = Base64.getEncoder().encodeToString(gs2Header.getBytes(StandardCharsets.UTF_8));
        if (!last.group(2).equals(binding)) {
            return Optional.empty();
        }
        try {
            byte[] proof = Base64.getDecoder().decode(last.group(4));
            return Optional.of(new Proof(proof, clientFirstBare + "," + serverFirst + "," + last.group(1)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> text(byte[] message) {
        if (message.length > MAX_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(message))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** {@code =2C} is a comma and {@code =3D} an equals sign; no other use of the latter is legal. */
    private static Optional<String> saslName(String encoded) {
        String rest = encoded.replace("=2C", "").replace("=3D", "");
        if (rest.indexOf('=') >= 0) {
            return Optional.empty();
        }
        return Optional.of(encoded.replace("=2C", ",").replace("=3D", "="));
    }

    @Override
    public String toString() {
        return "SCRAM exchange of '" + UserName.shown(user) + "'";
    }
}

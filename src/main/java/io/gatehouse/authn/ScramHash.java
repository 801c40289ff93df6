package io.gatehouse.authn;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * What a server stores for SCRAM-SHA-256 (RFC 5802, RFC 7677): {@code $scram-sha-256$i=600000$SALT$STORED$SERVER}.
 *
 * <p>A form of our own, because Mosquitto has none and PostgreSQL's has colons. It serves the exchange, in which the
 * password never crosses the wire, and a CONNECT with the password all the same.
 */
record ScramHash(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) implements PasswordHash {
    static final String PREFIX = "$scram-sha-256$";
    /** RFC 7677, section 4. */
    static final int MIN_ITERATIONS = 4_096;

    static final int MAX_ITERATIONS = 2_000_000;
    /** OWASP's figure for PBKDF2 with HMAC-SHA256; a client pays it too, so a small device may be given less. */
    static final int STRONG_ITERATIONS = 600_000;

    private static final int SALT_BYTES = 16;
    private static final int KEY_BYTES = 32;
    private static final String HMAC = "HmacSHA256";

    private static final Pattern FORM = Pattern.compile("\\$scram-sha-256\\$i=([1-9][0-9]{0,8})"
            + "\\$([A-Za-z0-9+/]{1,128})\\$([A-Za-z0-9+/]{43})\\$([A-Za-z0-9+/]{43})");

    static ScramHash parse(String text) throws BadHash {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new BadHash("malformed SCRAM verifier; expected $scram-sha-256$i=...$SALT$STORED$SERVER");
        }
        int iterations = Integer.parseInt(form.group(1));
        if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
            throw new BadHash("SCRAM iterations outside " + MIN_ITERATIONS + " to " + MAX_ITERATIONS);
        }
        byte[] salt = EncodedBytes.unpadded(form.group(2));
        if (salt.length < 8) {
            throw new BadHash("SCRAM salt below 8 bytes");
        }
        return new ScramHash(
                iterations, salt, EncodedBytes.unpadded(form.group(3)), EncodedBytes.unpadded(form.group(4)));
    }

    /** Makes a verifier; empty for a password that clients would prepare differently ({@link #prepared}). */
    static Optional<ScramHash> create(byte[] password, int iterations, SecureRandom random) {
        return prepared(password).map(text -> of(text, EncodedBytes.random(SALT_BYTES, random), iterations));
    }

    static ScramHash of(byte[] prepared, byte[] salt, int iterations) {
        byte[] salted = salted(prepared, salt, iterations);
        return new ScramHash(
                iterations, salt, Fingerprint.bytes(hmac(salted, "Client Key")), hmac(salted, "Server Key"));
    }

    /**
     * The password as every SCRAM client prepares it (SASLprep, RFC 4013), where there is no doubt about that: text
     * without controls, invisible characters or odd spaces, in normal form KC.
     */
    static Optional<byte[]> prepared(byte[] password) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(password))
                    .toString();
            if (text.codePoints().anyMatch(ScramHash::isDoubtful)) {
                return Optional.empty();
            }
            return Optional.of(Normalizer.normalize(text, Normalizer.Form.NFKC).getBytes(StandardCharsets.UTF_8));
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static boolean isDoubtful(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            case Character.SPACE_SEPARATOR -> c != ' ';
            default -> false;
        };
    }

    private static byte[] salted(byte[] password, byte[] salt, int iterations) {
        PKCS5S2ParametersGenerator generator = new PKCS5S2ParametersGenerator(new SHA256Digest());
        generator.init(password, salt, iterations);
        return ((KeyParameter) generator.generateDerivedParameters(KEY_BYTES * 8)).getKey();
    }

    /** RFC 5802, section 3: the proof unmasks the client's key, whose hash is what is stored. */
    boolean isProof(byte[] proof, String authMessage) {
        if (proof.length != KEY_BYTES) {
            return false;
        }
        byte[] clientKey = hmac(storedKey, authMessage);
        for (int i = 0; i < KEY_BYTES; i++) {
            clientKey[i] ^= proof[i];
        }
        return MessageDigest.isEqual(storedKey, Fingerprint.bytes(clientKey));
    }

    /** What proves to the client that the server knows it. */
    byte[] serverSignature(String authMessage) {
        return hmac(serverKey, authMessage);
    }

    @Override
    public boolean matches(byte[] password) {
        Optional<byte[]> prepared = prepared(password);
        // the work is done in any case: how long a refusal takes says nothing of the password
        byte[] clientKey = hmac(salted(prepared.orElse(password), salt, iterations), "Client Key");
        return MessageDigest.isEqual(storedKey, Fingerprint.bytes(clientKey)) && prepared.isPresent();
    }

    @Override
    public ScramHash dummy(SecureRandom random) {
        return new ScramHash(
                iterations,
                EncodedBytes.random(salt.length, random),
                EncodedBytes.random(KEY_BYTES, random),
                EncodedBytes.random(KEY_BYTES, random));
    }

    static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("this Java runtime has no " + HMAC, e);
        }
    }

    @Override
    public PasswordScheme scheme() {
        return PasswordScheme.SCRAM_SHA_256;
    }

    @Override
    public String cost() {
        return "scram-sha-256 i=" + iterations;
    }

    @Override
    public boolean isWeak() {
        return iterations < STRONG_ITERATIONS;
    }

    @Override
    public String encoded() {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return PREFIX + "i=" + iterations + "$" + base64.encodeToString(salt) + "$" + base64.encodeToString(storedKey)
                + "$" + base64.encodeToString(serverKey);
    }

    @Override
    public String toString() {
        return cost();
    }
}

package io.gatehouse.authn;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * PBKDF2 with HMAC-SHA512 as {@code mosquitto_passwd} writes it: {@code $7$ITERATIONS$SALT$HASH}, salt of 12 bytes
 * (Mosquitto 2.0) or 64 (2.1), hash of 64, both in Base64 with padding.
 *
 * <p>Not with the JDK's own PBKDF2: that takes characters, and an MQTT password is bytes.
 */
record Pbkdf2Hash(int iterations, byte[] salt, byte[] hash) implements PasswordHash {
    static final String PREFIX = "$7$";

    private static final int MAX_ITERATIONS = 2_000_000;
    private static final int HASH_BYTES = 64;
    // OWASP's figure for PBKDF2 with HMAC-SHA512
    private static final int STRONG_ITERATIONS = 210_000;

    private static final Pattern FORM =
            Pattern.compile("\\$7\\$([1-9][0-9]{0,8})\\$([A-Za-z0-9+/=]{1,128})\\$([A-Za-z0-9+/=]{1,128})");

    static Pbkdf2Hash parse(String text) throws BadHash {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new BadHash("malformed PBKDF2 hash; expected $7$ITERATIONS$SALT$HASH");
        }
        int iterations = Integer.parseInt(form.group(1));
        if (iterations > MAX_ITERATIONS) {
            throw new BadHash("PBKDF2 iterations above the cap of " + MAX_ITERATIONS);
        }
        byte[] salt = EncodedBytes.padded(form.group(2));
        byte[] hash = EncodedBytes.padded(form.group(3));
        Sha512Hash.requireMosquittoSizes(salt, hash);
        return new Pbkdf2Hash(iterations, salt, hash);
    }

    @Override
    public boolean matches(byte[] password) {
        PKCS5S2ParametersGenerator generator = new PKCS5S2ParametersGenerator(new SHA512Digest());
        generator.init(password, salt, iterations);
        KeyParameter key = (KeyParameter) generator.generateDerivedParameters(HASH_BYTES * 8);
        return MessageDigest.isEqual(hash, key.getKey());
    }

    @Override
    public Pbkdf2Hash dummy(SecureRandom random) {
        return new Pbkdf2Hash(
                iterations, EncodedBytes.random(salt.length, random), EncodedBytes.random(hash.length, random));
    }

    @Override
    public PasswordScheme scheme() {
        return PasswordScheme.PBKDF2;
    }

    @Override
    public String cost() {
        return "pbkdf2-sha512 i=" + iterations;
    }

    @Override
    public boolean isWeak() {
        return iterations < STRONG_ITERATIONS;
    }

    @Override
    public String encoded() {
        Base64.Encoder base64 = Base64.getEncoder();
        return PREFIX + iterations + "$" + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }

    @Override
    public String toString() {
        return cost();
    }
}

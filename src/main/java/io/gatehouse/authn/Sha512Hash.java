package io.gatehouse.authn;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One round of SHA-512 over password and salt, as Mosquitto up to 1.6 wrote it: {@code $6$SALT$HASH}.
 *
 * <p>Read so that an old file can be taken over step by step, and only where the configuration allows it.
 */
record Sha512Hash(byte[] salt, byte[] hash) implements PasswordHash {
    static final String PREFIX = "$6$";

    private static final Pattern FORM = Pattern.compile("\\$6\\$([A-Za-z0-9+/=]{1,128})\\$([A-Za-z0-9+/=]{1,128})");

    static Sha512Hash parse(String text) throws BadHash {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new BadHash("malformed SHA-512 hash; expected $6$SALT$HASH");
        }
        byte[] salt = EncodedBytes.padded(form.group(1));
        byte[] hash = EncodedBytes.padded(form.group(2));
        requireMosquittoSizes(salt, hash);
        return new Sha512Hash(salt, hash);
    }

    static void requireMosquittoSizes(byte[] salt, byte[] hash) throws BadHash {
        if (salt.length != 12 && salt.length != 64) {
            throw new BadHash("the salt has " + salt.length + " bytes; Mosquitto writes 12 or 64");
        }
        if (hash.length != 64) {
            throw new BadHash("the hash has " + hash.length + " bytes; SHA-512 has 64");
        }
    }

    @Override
    public boolean matches(byte[] password) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-512");
            digest.update(password);
            return MessageDigest.isEqual(hash, digest.digest(salt));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-512", e);
        }
    }

    @Override
    public Sha512Hash dummy(SecureRandom random) {
        return new Sha512Hash(EncodedBytes.random(salt.length, random), EncodedBytes.random(hash.length, random));
    }

    @Override
    public PasswordScheme scheme() {
        return PasswordScheme.SHA512;
    }

    @Override
    public String cost() {
        return "sha512";
    }

    @Override
    public boolean isWeak() {
        return true;
    }

    @Override
    public String encoded() {
        Base64.Encoder base64 = Base64.getEncoder();
        return PREFIX + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }

    @Override
    public String toString() {
        return cost();
    }
}

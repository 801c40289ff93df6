package io.gatehouse.authn;

import java.security.SecureRandom;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/** bcrypt in its usual form: {@code $2b$COST$SALT-AND-HASH}, with {@code 2a} and {@code 2y} for the same thing. */
record BcryptHash(String encoded, int rounds) implements PasswordHash {
    private static final int MIN_ROUNDS = 4;
    // 14 is about one second a guess
    private static final int MAX_ROUNDS = 14;
    private static final int STRONG_ROUNDS = 10;
    // bcrypt reads no further; two passwords that differ behind it would be one
    private static final int MAX_PASSWORD_BYTES = 72;

    private static final String ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final Pattern FORM = Pattern.compile("\\$2[aby]\\$([0-9]{2})\\$[./A-Za-z0-9]{53}");

    static boolean isBcrypt(String text) {
        return text.startsWith("$2a$") || text.startsWith("$2b$") || text.startsWith("$2y$");
    }

    static BcryptHash parse(String text) throws BadHash {
        if (!FORM.matcher(text).matches()) {
            throw new BadHash("malformed bcrypt hash; expected $2b$COST$ and 53 characters");
        }
        int rounds = Integer.parseInt(text.substring(4, 6));
        if (rounds < MIN_ROUNDS || rounds > MAX_ROUNDS) {
            throw new BadHash("bcrypt cost outside " + MIN_ROUNDS + " to " + MAX_ROUNDS);
        }
        return new BcryptHash(text, rounds);
    }

    @Override
    public boolean matches(byte[] password) {
        // the work is done in any case: how long a refusal takes says nothing of the password
        boolean same = OpenBSDBCrypt.checkPassword(encoded, password);
        return same && password.length <= MAX_PASSWORD_BYTES;
    }

    @Override
    public BcryptHash dummy(SecureRandom random) {
        StringBuilder text = new StringBuilder(encoded.substring(0, 7));
        for (int i = 0; i < 53; i++) {
            // the last characters of salt and hash carry fewer bits; a character of the first quarter is legal there
            boolean last = i == 21 || i == 52;
            text.append(last ? '.' : ALPHABET.charAt(random.nextInt(64)));
        }
        return new BcryptHash(text.toString(), rounds);
    }

    @Override
    public PasswordScheme scheme() {
        return PasswordScheme.BCRYPT;
    }

    @Override
    public String cost() {
        return "bcrypt cost=" + rounds;
    }

    @Override
    public boolean isWeak() {
        return rounds < STRONG_ROUNDS;
    }

    @Override
    public String toString() {
        return cost();
    }
}

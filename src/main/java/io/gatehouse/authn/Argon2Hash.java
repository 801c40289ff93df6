package io.gatehouse.authn;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/** Argon2id in the PHC string format, as libargon2 writes it: {@code $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH}. */
record Argon2Hash(int memoryKib, int iterations, int lanes, byte[] salt, byte[] hash) implements PasswordHash {
    static final String PREFIX = "$argon2id$";

    // OWASP's smallest set for Argon2id: 19 MiB, two passes, one lane
    private static final int MEMORY_KIB = 19 * 1024;
    private static final int ITERATIONS = 2;
    private static final int LANES = 1;
    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    private static final int MAX_MEMORY_KIB = 256 * 1024;
    private static final int MAX_ITERATIONS = 16;
    private static final int MAX_LANES = 4;

    private static final Pattern FORM = Pattern.compile("\\$argon2id\\$v=19\\$m=([1-9][0-9]{0,8}),t=([1-9][0-9]{0,8}),"
            + "p=([1-9][0-9]{0,8})\\$([A-Za-z0-9+/]{1,128})\\$([A-Za-z0-9+/]{1,128})");

    static Argon2Hash parse(String text) throws BadHash {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new BadHash("malformed argon2id hash; expected $argon2id$v=19$m=...,t=...,p=...$SALT$HASH");
        }
        int memory = Integer.parseInt(form.group(1));
        int iterations = Integer.parseInt(form.group(2));
        int lanes = Integer.parseInt(form.group(3));
        if (memory > MAX_MEMORY_KIB || iterations > MAX_ITERATIONS || lanes > MAX_LANES) {
            throw new BadHash("argon2id parameters above the cap of m=" + MAX_MEMORY_KIB + ",t=" + MAX_ITERATIONS
                    + ",p=" + MAX_LANES);
        }
        if (memory < 8 * lanes) {
            throw new BadHash("argon2id needs m of at least 8 times p");
        }
        byte[] salt = EncodedBytes.unpadded(form.group(4));
        byte[] hash = EncodedBytes.unpadded(form.group(5));
        if (salt.length < 8 || hash.length < 16) {
            throw new BadHash("argon2id salt below 8 bytes or hash below 16");
        }
        return new Argon2Hash(memory, iterations, lanes, salt, hash);
    }

    static Argon2Hash create(byte[] password, SecureRandom random) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        byte[] hash = derive(password, salt, MEMORY_KIB, ITERATIONS, LANES, HASH_BYTES);
        return new Argon2Hash(MEMORY_KIB, ITERATIONS, LANES, salt, hash);
    }

    /** For a file without entries: what an entry would cost. */
    static Argon2Hash standardDummy(SecureRandom random) {
        return new Argon2Hash(MEMORY_KIB, ITERATIONS, LANES, new byte[SALT_BYTES], new byte[HASH_BYTES]).dummy(random);
    }

    private static byte[] derive(byte[] password, byte[] salt, int memoryKib, int iterations, int lanes, int bytes) {
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(memoryKib)
                .withIterations(iterations)
                .withParallelism(lanes)
                .withSalt(salt)
                .build());
        byte[] hash = new byte[bytes];
        generator.generateBytes(password, hash);
        return hash;
    }

    @Override
    public boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, derive(password, salt, memoryKib, iterations, lanes, hash.length));
    }

    @Override
    public Argon2Hash dummy(SecureRandom random) {
        return new Argon2Hash(
                memoryKib,
                iterations,
                lanes,
                EncodedBytes.random(salt.length, random),
                EncodedBytes.random(hash.length, random));
    }

    @Override
    public PasswordScheme scheme() {
        return PasswordScheme.ARGON2ID;
    }

    @Override
    public String cost() {
        return "argon2id m=" + memoryKib + ",t=" + iterations + ",p=" + lanes;
    }

    @Override
    public boolean isWeak() {
        // the product is what a guess costs; OWASP's other sets trade passes for memory at about 38 to 47 MiB
        return (long) memoryKib * iterations < (long) 7 * 1024 * 5;
    }

    @Override
    public String encoded() {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return PREFIX + "v=19$m=" + memoryKib + ",t=" + iterations + ",p=" + lanes + "$" + base64.encodeToString(salt)
                + "$" + base64.encodeToString(hash);
    }

    @Override
    public String toString() {
        return cost();
    }
}

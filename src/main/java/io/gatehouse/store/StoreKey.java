package io.gatehouse.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** The key that a store is encrypted with: 256 bits, from a file that only its owner reads, or the environment. Immutable. */
public final class StoreKey {
    /** The environment variable that holds a key. */
    public static final String ENVIRONMENT = "GATEHOUSE_STORE_KEY";

    private static final int BYTES = 32;

    private final byte[] secret;

    private StoreKey(byte[] secret) {
        this.secret = secret;
    }

    /**
     * The key of a store.
     *
     * @param file what the configuration names; empty: the environment, if it has one
     * @return empty: the store is in the clear
     */
    public static Optional<StoreKey> of(Optional<Path> file) throws UnusableStore {
        if (file.isPresent()) {
            return Optional.of(read(file.get()));
        }
        String variable = System.getenv(ENVIRONMENT);
        return variable == null ? Optional.empty() : Optional.of(parse("$" + ENVIRONMENT, variable));
    }

    public static StoreKey read(Path file) throws UnusableStore {
        try {
            Set<PosixFilePermission> modes = Files.getPosixFilePermissions(file);
            if (modes.stream().anyMatch(mode -> !mode.name().startsWith("OWNER"))) {
                throw new UnusableStore(file + ": others can read the key of the store ("
                        + PosixFilePermissions.toString(modes) + "). Mend it with: chmod 600 " + file);
            }
            return parse(file.toString(), Files.readString(file));
        } catch (IOException e) {
            throw new UnusableStore(file + ": the key of the store cannot be read: " + e, e);
        }
    }

    private static StoreKey parse(String place, String text) throws UnusableStore {
        String digits = text.strip();
        if (!digits.matches("[0-9a-fA-F]{" + 2 * BYTES + "}")) {
            throw new UnusableStore(
                    place + ": a key is " + 2 * BYTES + " hex digits. Make one with: gatehouse store keygen FILE");
        }
        return new StoreKey(HexFormat.of().parseHex(digits));
    }

    /** A new key, written to a file (0600) that must not exist. */
    public static StoreKey make(Path file) throws UnusableStore {
        byte[] secret = new byte[BYTES];
        new SecureRandom().nextBytes(secret);
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, HexFormat.of().formatHex(secret) + "\n", StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UnusableStore(file + ": the key cannot be written: " + e, e);
        }
        return new StoreKey(secret);
    }

    /** A key of its own for each use, so that none of them tells of another. */
    SecretKey derived(String use, String algorithm) {
        return new SecretKeySpec(mac(use), algorithm);
    }

    /** What a record says of the key it is sealed with: tells keys apart, and nothing of them. */
    byte[] id() {
        return Arrays.copyOf(mac("id"), 4);
    }

    private byte[] mac(String use) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac.doFinal(("gatehouse store " + use).getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StoreKey key && MessageDigest.isEqual(secret, key.secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(id());
    }

    @Override
    public String toString() {
        return "StoreKey ***";
    }
}

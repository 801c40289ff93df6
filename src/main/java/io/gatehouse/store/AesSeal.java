package io.gatehouse.store;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Values encrypted with AES-256-GCM (NIST SP 800-38D), each bound to its place: {@code 1}, four bytes that tell the key, a nonce of
 * twelve random bytes, the cipher text, the tag. Any thread.
 *
 * <p>Topics and filters that stand in keys are replaced by their HMAC: the same text is the same key, and tells nothing. Numbers of
 * sessions and of messages stay in the clear; so do sizes and how much there is. With random nonces one key is good for 2^32 values
 * before they could repeat with a chance of 2^-32: rotate it long before.
 */
final class AesSeal implements Seal {
    /** The first byte of a value that is encrypted like this. */
    static final byte AES_GCM = 1;

    private static final int ID_BYTES = 4;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

    private final byte[] id;
    private final SecretKey values;
    private final SecretKey names;
    private final SecureRandom random = new SecureRandom();
    private final ThreadLocal<Cipher> ciphers = ThreadLocal.withInitial(AesSeal::cipher);
    private final ThreadLocal<Mac> macs;

    AesSeal(StoreKey key) {
        this.id = key.id();
        this.values = key.derived("values", "AES");
        this.names = key.derived("names", "HmacSHA256");
        this.macs = ThreadLocal.withInitial(this::mac);
    }

    private static Cipher cipher() {
        try {
            return Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    private Mac mac() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(names);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    @Override
    public byte[] seal(Family family, byte[] key, byte[] body) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            Cipher cipher = ciphers.get();
            cipher.init(Cipher.ENCRYPT_MODE, values, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(place(family, key));
            byte[] value = new byte[HEAD_BYTES + cipher.getOutputSize(body.length)];
            value[0] = AES_GCM;
            System.arraycopy(id, 0, value, 1, ID_BYTES);
            System.arraycopy(nonce, 0, value, 1 + ID_BYTES, NONCE_BYTES);
            cipher.doFinal(body, 0, body.length, value, HEAD_BYTES);
            return value;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a record cannot be encrypted", e);
        }
    }

    @Override
    public byte[] open(Family family, byte[] key, byte[] value) {
        if (value.length < HEAD_BYTES || value[0] != AES_GCM) {
            throw new IllegalArgumentException(
                    "a record is not encrypted, and there is a key; encrypt the store with: gatehouse store rekey");
        }
        if (!Arrays.equals(id, Arrays.copyOfRange(value, 1, 1 + ID_BYTES))) {
            throw new IllegalArgumentException("it is encrypted with another key");
        }
        try {
            Cipher cipher = ciphers.get();
            cipher.init(Cipher.DECRYPT_MODE, values, new GCMParameterSpec(TAG_BITS, value, 1 + ID_BYTES, NONCE_BYTES));
            cipher.updateAAD(place(family, key));
            return cipher.doFinal(value, HEAD_BYTES, value.length - HEAD_BYTES);
        } catch (AEADBadTagException e) {
            throw new IllegalArgumentException("a record of " + family + " was changed since it was written", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("a record of " + family + " cannot be decrypted: " + e, e);
        }
    }

    /** So that a value cannot be moved to another record. */
    private static byte[] place(Family family, byte[] key) {
        return ByteBuffer.allocate(1 + key.length)
                .put((byte) family.ordinal())
                .put(key)
                .array();
    }

    @Override
    public byte[] name(Family family, byte[] key) {
        int plain = Keys.plainBytes(family, key);
        if (plain == key.length) {
            return key;
        }
        byte[] hidden = macs.get().doFinal(Arrays.copyOfRange(key, plain, key.length));
        return ByteBuffer.allocate(plain + hidden.length)
                .put(key, 0, plain)
                .put(hidden)
                .array();
    }
}

package io.gatehouse.store;

import java.util.Optional;

/** How values stand on disk: in the clear, or encrypted. The first byte says which. Any thread. */
interface Seal {
    /** The first byte of a value in the clear. */
    byte PLAIN = 0;

    byte[] seal(Family family, byte[] key, byte[] body);

    /** The body of a value. */
    byte[] open(Family family, byte[] key, byte[] value);

    /** A key as it stands on disk. */
    byte[] name(Family family, byte[] key);

    static Seal of(Optional<StoreKey> key) {
        return key.isPresent() ? new AesSeal(key.get()) : NONE;
    }

    /** Values in the clear. */
    Seal NONE = new Seal() {
        @Override
        public byte[] seal(Family family, byte[] key, byte[] body) {
            byte[] value = new byte[body.length + 1];
            value[0] = PLAIN;
            System.arraycopy(body, 0, value, 1, body.length);
            return value;
        }

        @Override
        public byte[] open(Family family, byte[] key, byte[] value) {
            if (value.length > 0 && value[0] == AesSeal.AES_GCM) {
                throw new IllegalArgumentException(
                        "it is encrypted, and there is no key: name it with storage: {key_file:" + " FILE}, or set "
                                + StoreKey.ENVIRONMENT);
            }
            if (value.length == 0 || value[0] != PLAIN) {
                throw new IllegalArgumentException("a record of " + family + " is not in the clear");
            }
            return java.util.Arrays.copyOfRange(value, 1, value.length);
        }

        @Override
        public byte[] name(Family family, byte[] key) {
            return key;
        }
    };
}

package io.gatehouse.pki;

/**
 * A file of a holder's besides {@code key.pem}, {@code cert.pem} and {@code ca.pem}.
 *
 * @param secret whether only its owner may read it
 */
public record HolderFile(String name, byte[] content, boolean secret) {
    @Override
    public String toString() {
        return name; // it may hold a key
    }
}

package io.gatehouse.authn;

/** A stored password hash that cannot be used; the message says why and never quotes the hash. */
final class BadHash extends Exception {
    private static final long serialVersionUID = 1L;

    BadHash(String message) {
        super(message, null, false, false);
    }
}

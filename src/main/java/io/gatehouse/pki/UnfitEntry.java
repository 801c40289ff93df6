package io.gatehouse.pki;

/**
 * A line of a journal that cannot follow those before it, though its hash is right. The journal's reader names its place.
 */
final class UnfitEntry extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnfitEntry(String message) {
        super(message, null, false, false);
    }
}

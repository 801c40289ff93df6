package io.gatehouse.store;

/** Why a store cannot be opened: one line that says what is wrong and what mends it. */
public final class UnusableStore extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableStore(String message) {
        super(message);
    }

    UnusableStore(String message, Throwable cause) {
        super(message, cause);
    }
}

package io.gatehouse.tls;

/** TLS settings that cannot be used: which file, what is wrong, and the mend. */
public final class UnusableTls extends Exception {
    private static final long serialVersionUID = 1L;

    public UnusableTls(String message) {
        super(message, null, false, false);
    }

    UnusableTls(String message, Throwable cause) {
        super(message, cause);
    }
}

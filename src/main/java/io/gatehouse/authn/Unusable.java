package io.gatehouse.authn;

/**
 * Settings, a password file or a key set that cannot be used as they are.
 *
 * <p>The message is for whoever runs the broker: the file, the line where there is one, what is wrong and the mend; one
 * problem a line. Never a secret.
 */
public final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String message) {
        super(message, null, false, false);
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}

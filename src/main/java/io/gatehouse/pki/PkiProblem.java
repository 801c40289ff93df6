package io.gatehouse.pki;

/** Something about the authority or a request to it that its user can mend; the message says what, where and how. */
public final class PkiProblem extends Exception {
    private static final long serialVersionUID = 1L;

    /** The kinds, as the command's exit codes tell them apart. */
    public enum Kind {
        INPUT,
        POLICY,
        NOT_FOUND,
        LOCKED,
        PASSPHRASE,
        CORRUPT,
        IO
    }

    private final Kind kind;

    public PkiProblem(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}

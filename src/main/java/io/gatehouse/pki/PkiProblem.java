package io.gatehouse.pki;

import java.util.List;
import java.util.stream.Collectors;

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

    /** One of several faults of an input: a stable code, and its line. */
    public record Fault(String code, String text) {}

    private final Kind kind;
    private final transient List<Fault> faults;

    public PkiProblem(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
        this.faults = List.of();
    }

    PkiProblem(Kind kind, List<Fault> faults) {
        super(faults.stream().map(Fault::text).collect(Collectors.joining("\n")), null, false, false);
        this.kind = kind;
        this.faults = List.copyOf(faults);
    }

    /** Each with a code of its own; empty: the message says one thing, and the kind is its code. */
    public List<Fault> faults() {
        return faults;
    }

    public Kind kind() {
        return kind;
    }
}

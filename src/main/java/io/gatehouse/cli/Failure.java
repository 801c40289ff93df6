package io.gatehouse.cli;

/**
 * A command that ends because of something its user can mend: printed as one line, without a stack trace.
 *
 * <p>The message says what was wrong, the input in quotes, the place and the mend. It never holds a secret.
 */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String code;

    private Failure(int exitCode, String message) {
        this(exitCode, "", message);
    }

    private Failure(int exitCode, String code, String message) {
        super(message, null, false, false);
        this.exitCode = exitCode;
        this.code = code;
    }

    /** Findings: the command did its work and the answer is no. */
    public static Failure findings(String message) {
        return new Failure(ExitCode.FINDINGS, message);
    }

    /** The command line, or an input it names, is wrong. */
    public static Failure usage(String message) {
        return new Failure(ExitCode.USAGE, message);
    }

    /** Any other documented code, such as those of {@code gatehouse certs}. */
    public static Failure of(int exitCode, String message) {
        return new Failure(exitCode, message);
    }

    /** With a stable code for programs that read what is printed; of several lines, the code is that of the first. */
    static Failure coded(int exitCode, String code, String message) {
        return new Failure(exitCode, code, message);
    }

    /** Empty: the exit code says it all. */
    String code() {
        return code;
    }

    public int exitCode() {
        return exitCode;
    }
}

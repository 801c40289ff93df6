package io.gatehouse.cli;

/** The exit codes every command shares; {@code gatehouse certs} documents more of its own. */
public final class ExitCode {
    public static final int DONE = 0;
    public static final int FINDINGS = 1;
    public static final int USAGE = 2;
    public static final int INTERNAL = 3;

    private ExitCode() {}
}

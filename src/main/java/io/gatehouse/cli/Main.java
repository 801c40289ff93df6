package io.gatehouse.cli;

/** The program's entry: runs the command line and exits with its code. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(GatehouseCommand.run(System.out, System.err, args));
    }
}

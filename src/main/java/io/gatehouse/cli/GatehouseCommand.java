package io.gatehouse.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse}: the root of the command line. */
@Command(
        name = "gatehouse",
        description = "A secure-by-default MQTT broker.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {"", "Start with: gatehouse quickstart"})
final class GatehouseCommand implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
            QuickstartCommand.class,
            RunCommand.class,
            CheckCommand.class,
            CertsCommand.class,
            PasswdCommand.class,
            PolicyCommand.class,
            TokenCommand.class,
            AuditCommand.class,
            ImportCommand.class,
            StoreCommand.class,
            StatusCommand.class,
            ClientsCommand.class,
            ReloadCommand.class,
            HealthCommand.class,
            CommandLine.HelpCommand.class);

    @Spec
    private CommandSpec spec;

    private GatehouseCommand() {}

    /** All commands, for those who look at what there is. */
    static CommandLine line() {
        return line(new String[0]);
    }

    /** The commands that these words may mean. */
    static CommandLine line(String[] args) {
        CommandLine line = Subcommands.of(new GatehouseCommand(), COMMANDS, args, 0);
        CommandLine certs = line.getSubcommands().get("certs");
        if (certs != null) {
            Subcommands.add(certs, CertsCommand.COMMANDS, args, 1);
        }
        return line;
    }

    /** Runs one command line; returns the exit code. Prints a user's mistake as one line, never a stack trace. */
    static int run(PrintStream out, PrintStream err, String... args) {
        CommandLine line = line(args)
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(GatehouseCommand::report)
                .setParameterExceptionHandler(GatehouseCommand::usage);
        saysItsVersion(line);
        return line.execute(args);
    }

    /** Whichever command is asked. */
    private static void saysItsVersion(CommandLine line) {
        line.getCommandSpec().versionProvider(new Version());
        line.getSubcommands().values().forEach(GatehouseCommand::saysItsVersion);
    }

    static int report(Exception exception, CommandLine line, CommandLine.ParseResult ignored) {
        if (exception instanceof PolicyExplain.Quiet quiet) {
            return quiet.exitCode();
        }
        if (exception instanceof Failure failure) {
            boolean coded = CertsCommand.isOneOf(line);
            line.getErr().println((coded ? CertsCommand.prefix(failure) : "gatehouse: ") + failure.getMessage());
            return failure.exitCode();
        }
        // A broken world, not a user's mistake: the trace is what a bug report needs.
        boolean certs = CertsCommand.isOneOf(line);
        line.getErr().println((certs ? "certs: error[INTERNAL] " : "gatehouse: internal error: ") + exception);
        if (System.getenv("GATEHOUSE_DEBUG") != null || CertsCommand.isDebugged(line)) {
            exception.printStackTrace(line.getErr());
        } else {
            line.getErr()
                    .println(
                            "gatehouse: set GATEHOUSE_DEBUG=1 for the stack trace" + (certs ? ", or add --debug" : ""));
        }
        return certs ? CertsCommand.INTERNAL : ExitCode.INTERNAL;
    }

    private static int usage(CommandLine.ParameterException exception, String[] ignored) {
        CommandLine line = exception.getCommandLine();
        String prefix = CertsCommand.isOneOf(line) ? "certs: error[USAGE] " : "gatehouse: ";
        line.getErr().println(prefix + exception.getMessage());
        line.getErr().println("See '" + line.getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.USAGE;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}

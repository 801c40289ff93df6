package io.gatehouse.cli;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Adds to a command the one that its word names, and all of them where it names none. Stateless.
 *
 * <p>The library reads every option of every command by reflection, which takes longer than most commands do: a health check shall
 * not wait for the options of a fleet.
 */
final class Subcommands {
    private static final Set<String> VERSION = Set.of("--version", "-V");

    private Subcommands() {}

    /** @param place where in the command line the word stands */
    static CommandLine of(Object command, List<Class<?>> all, String[] args, int place) {
        CommandLine line = new CommandLine(command);
        add(line, all, args, place);
        return line;
    }

    static void add(CommandLine line, List<Class<?>> all, String[] args, int place) {
        if (args.length > place && VERSION.contains(args[place])) {
            return;
        }
        // "help" tells of its neighbours
        Optional<Class<?>> asked = args.length <= place || args[place].equals("help")
                ? Optional.empty()
                : all.stream().filter(one -> name(one).equals(args[place])).findFirst();
        asked.map(List::<Class<?>>of).orElse(all).forEach(line::addSubcommand);
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(Command.class).name();
    }
}

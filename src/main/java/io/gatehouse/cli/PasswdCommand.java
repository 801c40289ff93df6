package io.gatehouse.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse passwd}: what {@code mosquitto_passwd} does, with stronger hashes. */
@Command(
        name = "passwd",
        description = "Manage a password file in Mosquitto's format; new passwords are stored as Argon2id.",
        mixinStandardHelpOptions = true,
        subcommands = {
            PasswdSet.class,
            PasswdDelete.class,
            PasswdList.class,
            PasswdVerify.class,
            PasswdImport.class,
            HelpCommand.class
        },
        footer = {
            "",
            "A password is asked for, or taken from --password-file FILE (- is standard",
            "input) or the variable " + SecretInput.VARIABLE + ". It is never an argument, which",
            "every user of the machine could read. A running broker takes the changed file",
            "over by itself.",
            "",
            "Example: gatehouse passwd set users.pw ann"
        })
final class PasswdCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}

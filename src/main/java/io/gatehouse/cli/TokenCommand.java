package io.gatehouse.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gatehouse token}: keys and tokens for development, and why a token is refused. */
@Command(
        name = "token",
        description = "Make signing keys and tokens for development; say why a token is refused.",
        mixinStandardHelpOptions = true,
        subcommands = {TokenKeygen.class, TokenIssue.class, TokenVerify.class, HelpCommand.class},
        footer = {
            "",
            "Example:",
            "  gatehouse token keygen --key signing.json --keys keys.json",
            "  gatehouse token issue --key signing.json --iss https://id.example.com --aud mqtt --user ann > ann.jwt",
            "  gatehouse token verify --keys keys.json --iss https://id.example.com --aud mqtt ann.jwt",
            "and in gatehouse.yaml:",
            "  jwt_login: {issuers: [{iss: \"https://id.example.com\", jwks: keys.json, aud: mqtt, algs: [EdDSA]}]}"
        })
final class TokenCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}

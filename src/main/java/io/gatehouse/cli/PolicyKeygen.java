package io.gatehouse.cli;

import io.gatehouse.policy.language.ManifestKeys;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code policy keygen}. */
@Command(
        name = "keygen",
        description = "Make a key that signs policies, and the one that the broker verifies them with.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Ed25519 in PEM files, as 'openssl genpkey -algorithm ed25519' and 'openssl pkey -pubout' make them.",
            "Keep the private key away from the broker: whoever has it decides what the broker allows."
        })
final class PolicyKeygen implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "Where the private key goes; readable by its owner only.")
    private Path key = Path.of("");

    @Option(
            names = "--verify-key",
            required = true,
            paramLabel = "FILE",
            description = "Where the public key goes: policy.verify_key of the broker.")
    private Path verifyKey = Path.of("");

    @Override
    public void run() {
        try {
            ManifestKeys.generate(key, verifyKey);
        } catch (ManifestKeys.UnusableKey e) {
            throw Failure.usage(e.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("private key: " + key + " (keep it away from the broker)");
        out.println("public key:  " + verifyKey + " (write policy: {verify_key: " + verifyKey + "})");
    }
}

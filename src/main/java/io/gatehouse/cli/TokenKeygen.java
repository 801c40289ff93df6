package io.gatehouse.cli;

import io.gatehouse.authn.JwtAlgorithm;
import io.gatehouse.authn.SigningKey;
import io.gatehouse.authn.Unusable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gatehouse token keygen}. */
@Command(
        name = "keygen",
        description = "Make a key that signs tokens, and the key set that the broker verifies them with.",
        mixinStandardHelpOptions = true)
final class TokenKeygen implements Callable<Integer> {
    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "Where the private key goes; readable by its owner only.")
    private Path key;

    @Option(
            names = "--keys",
            required = true,
            paramLabel = "FILE",
            description = "Where the set with the public key goes: 'jwks:' of the broker.")
    private Path keys;

    @Option(names = "--alg", paramLabel = "ALG", defaultValue = "EdDSA", description = "EdDSA (default) or ES256.")
    private String algorithm;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        JwtAlgorithm wanted = JwtAlgorithm.of(algorithm)
                .filter(a -> a == JwtAlgorithm.EDDSA || a == JwtAlgorithm.ES256)
                .orElseThrow(() -> Failure.usage("'--alg " + algorithm + "': keys are made for EdDSA and ES256"));
        try {
            SigningKey made = SigningKey.generate(wanted);
            made.write(key, keys);
            PrintWriter out = spec.commandLine().getOut();
            out.println("private key: " + key + " (keep it: who has it can make tokens)");
            out.println("key set:     " + keys);
            out.println("key id:      " + made.id());
            return ExitCode.DONE;
        } catch (Unusable e) {
            throw Failure.usage(e.getMessage());
        }
    }
}

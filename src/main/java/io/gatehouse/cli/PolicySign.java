package io.gatehouse.cli;

import io.gatehouse.pki.AtomicFiles;
import io.gatehouse.policy.language.Manifest;
import io.gatehouse.policy.language.ManifestKeys;
import io.gatehouse.policy.language.PolicyLoader.Loaded;
import io.gatehouse.policy.language.PolicyLoader.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy sign}. */
@Command(
        name = "sign",
        description = "Load policies and run their tests, then sign their files: write manifest.sig beside them.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A broker with policy.verify_key loads no other files than those, and no revision older than it had.",
            "Exit code 0: signed; 1: the policy has a mistake or a test of it failed."
        })
final class PolicySign implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "Its *.yaml files are the policy.")
    private Path folder = Path.of("");

    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "The private key; see 'gatehouse policy keygen'.")
    private Path key = Path.of("");

    @Option(
            names = "--revision",
            paramLabel = "N",
            description = "Its number; default: one more than that of the manifest that is there, or 1.")
    private Optional<Long> revision = Optional.empty();

    @Override
    public void run() {
        Loaded loaded = PolicyCommand.load(
                folder, Options.WITH_TESTS, spec.commandLine().getErr());
        if (loaded.set().isEmpty()) {
            throw Failure.findings(
                    PolicyCommand.mistakes(loaded) + "; this policy would not be loaded, nor is it signed");
        }
        Path file = folder.resolve(Manifest.FILE);
        try {
            PrivateKey signing = ManifestKeys.signing(key);
            long number = revision.isPresent() ? revision.get() : next(file);
            Manifest manifest =
                    new Manifest(number, new TreeMap<>(loaded.policy().files()));
            AtomicFiles.writePublic(file, manifest.signed(signing).getBytes(StandardCharsets.UTF_8));
            spec.commandLine()
                    .getOut()
                    .println(file + ": revision " + number + " sha256:" + loaded.digest() + ", " + loaded.summary());
        } catch (ManifestKeys.UnusableKey | IllegalArgumentException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw Failure.findings(file + " cannot be written: " + e.getMessage());
        }
    }

    private static long next(Path manifest) throws IOException {
        if (!Files.exists(manifest)) {
            return 1;
        }
        return Manifest.claimedRevision(new String(Files.readAllBytes(manifest), StandardCharsets.UTF_8)) + 1;
    }
}

package io.gatehouse.pki;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks whether an authority's keys are there, are encrypted, and are those of its certificates. Stateless. */
final class KeyCheck {
    private static final String ROOT = "root";

    private KeyCheck() {}

    /**
     * What is wrong with the keys; empty if nothing is. The root's may be elsewhere.
     *
     * @param passphrase without it, whose a key is cannot be seen
     */
    static List<String> of(AuthorityFolder folder, Optional<char[]> passphrase) throws PkiProblem {
        List<String> findings = new ArrayList<>();
        for (String name : List.of(ROOT, "device", "server")) {
            Path file = folder.keyOf(name);
            if (Files.exists(file)) {
                fault(folder, name, file, passphrase).ifPresent(findings::add);
            } else if (!name.equals(ROOT)) {
                findings.add(Soundness.missing(file));
            }
        }
        return findings;
    }

    private static Optional<String> fault(AuthorityFolder folder, String name, Path file, Optional<char[]> passphrase) {
        try {
            KeyVault.requireEncrypted(file);
            if (passphrase.isEmpty()) {
                return Optional.empty();
            }
            PrivateKey key = KeyVault.read(file, passphrase.get());
            return KeyKind.belong(key, folder.certificate(name).getPublicKey())
                    ? Optional.empty()
                    : Optional.of(Soundness.anothers(file, folder.certificateOf(name)));
        } catch (PkiProblem e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}

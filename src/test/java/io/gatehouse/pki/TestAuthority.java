package io.gatehouse.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Stream;

/** An authority that is made once for a class, and copied for each test: a key costs half a second to encrypt. */
final class TestAuthority {
    static final char[] PASSPHRASE = "a passphrase for tests".toCharArray();

    private TestAuthority() {}

    /** An hour before the clock of the tests starts. */
    static void make(Path folder) throws PkiProblem {
        Clock then = Clock.fixed(Instant.parse("2026-06-01T11:00:00Z"), ZoneOffset.UTC);
        Authority.create(folder, "Greenhouses", PASSPHRASE, then).close();
    }

    static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return to;
    }
}

package io.gatehouse.policy.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The policies that a user starts from load, and keep their own promises. */
class ReadyMadePoliciesTest {
    static Stream<Path> folders() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("policies"))) {
            return all.filter(Files::isDirectory).sorted().toList().stream();
        }
    }

    @Test
    void folders_areThree() throws IOException {
        assertThat(folders().map(folder -> folder.getFileName().toString()))
                .containsExactly("factory", "home", "tenants");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("folders")
    void policy_loadsAndPassesItsTests(Path folder) {
        PolicyLoader.Loaded loaded =
                PolicyLoader.load(folder, Optional.of(List.of("devices", "apps")), true, Clock.systemUTC());

        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.set()).isPresent();
        assertThat(loaded.run().orElseThrow().checks()).isGreaterThan(10);
    }
}

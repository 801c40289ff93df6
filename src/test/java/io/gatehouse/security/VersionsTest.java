package io.gatehouse.security;

import static io.gatehouse.security.Raw.V31;
import static io.gatehouse.security.Raw.V311;
import static io.gatehouse.security.Raw.V5;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.config.ConfigurationReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A listener speaks the versions that its configuration lists, and tells every other one in its own words. */
class VersionsTest {
    private static final String[] NO_MORE = {};

    @TempDir
    Path folder;

    private Path configuration(String versions) throws Exception {
        Path file = LiveBroker.write(folder, LiveBroker.POLICY, NO_MORE);
        return Files.writeString(
                file,
                Files.readString(file)
                        .replaceFirst("(?m)^    login: password$", "    login: password\n    versions: " + versions));
    }

    @ParameterizedTest
    @CsvSource({"'[\"5.0\"]', 5", "'[\"3.1.1\"]', 4", "'[\"3.1\"]', 3", "'[\"3.1.1\", \"5.0\"]', 45"})
    void listener_thatListsVersions_refusesTheOthers(String versions, String spoken) throws Exception {
        try (LiveBroker broker = LiveBroker.start(folder, configuration(versions))) {
            for (int level : List.of(V31, V311, V5)) {
                RawClient client = broker.visitor(level).send(Raw.connect(level, "ann", "c" + level));
                if (spoken.contains(Integer.toString(level))) {
                    assertThat(client.connected()).isFalse();
                } else {
                    client.assertRefused(level == V5 ? 0x84 : 1);
                }
            }
        }
    }

    @Test
    void configuration_withAVersionThatIsNone_isRefused() throws Exception {
        Path file = configuration("[\"3.2\"]");
        assertThat(ConfigurationReader.read(file).problems())
                .anyMatch(problem -> problem.toString().contains("3.2"));
    }
}

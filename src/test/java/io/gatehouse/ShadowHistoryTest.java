package io.gatehouse;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.policy.language.PolicyLoader;
import io.gatehouse.policy.model.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Since when a shadow is there, through all revisions of a policy. */
class ShadowHistoryTest {
    private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LATER = Instant.parse("2026-03-01T00:00:00Z");
    private static final String ITEM = "publish \"b/<user>\" of role \"r\"";
    private static final String ROLE = "role \"trial\"";

    @TempDir
    private Path folder;

    private ShadowHistory history() {
        return new ShadowHistory(folder.resolve("data"));
    }

    private Policy policy(String roles) throws IOException {
        Path file = folder.resolve("policies/10-main.yaml");
        Files.createDirectories(file.getParent());
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(file, "version: 1\nroles: {" + roles + "}\nusers: {u: [r]}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        PolicyLoader.Loaded loaded = PolicyLoader.load(
                file.getParent(), PolicyLoader.Options.WITHOUT_TESTS.withoutRules(), Clock.systemUTC());
        assertThat(loaded.problems()).isEmpty();
        return loaded.policy();
    }

    @Test
    void since_isWhenItWasFirstThere_andForgottenWhenItIsGone() throws IOException {
        String item = "r: {publish: [a, {topic: b/<user>, shadow: true}]}";
        history().reached(policy(item), FIRST);
        history().reached(policy("trial: {publish: [c], shadow: true}, " + item), LATER);
        assertThat(history().since()).isEqualTo(Map.of(ITEM, FIRST, ROLE, LATER));

        history().reached(policy("trial: {publish: [c], shadow: true}, r: {publish: [a]}"), LATER.plusSeconds(5));
        assertThat(history().since()).isEqualTo(Map.of(ROLE, LATER));
        history().reached(policy(item), LATER.plusSeconds(9));
        assertThat(history().since()).isEqualTo(Map.of(ITEM, LATER.plusSeconds(9)));
    }

    @Test
    void since_ofAFileThatCannotBeRead_beginsAnew() throws IOException {
        Policy policy = policy("r: {publish: [a, {topic: b/<user>, shadow: true}]}");
        for (String damage : new String[] {"nonsense", "2026-13-01T00:00:00Z x", "", " x"}) {
            Files.writeString(folder.resolve("data/policy-shadows"), damage + "\n");
            assertThat(history().since()).isEmpty();
            history().reached(policy, FIRST);
            assertThat(history().since()).isEqualTo(Map.of(ITEM, FIRST));
        }
    }
}

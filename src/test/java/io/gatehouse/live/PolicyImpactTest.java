package io.gatehouse.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gatehouse.admin.ControlClient;
import io.gatehouse.admin.ControlCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a policy would do to clients that are connected: foretold, then true; and nothing happens by asking. */
class PolicyImpactTest {
    private static final String BEFORE = """
            version: 1
            roles:
              worker: {publish: ["a/#"], subscribe: ["a/#", "b/#"]}
              guest: {subscribe: ["a/#"]}
            users: {ann: [worker], bob: [guest], cat: [worker]}
            """;
    private static final String AFTER = """
            version: 1
            roles:
              worker: {publish: ["a/x"], subscribe: ["b/#"]}
              guest: {subscribe: ["a/#"]}
            users: {ann: [worker], cat: [guest]}
            """;

    @TempDir
    Path folder;

    @TempDir
    Path next;

    @Test
    void impact_isWhatThenHappens_andAskingDoesNothing() throws Exception {
        try (LiveBroker broker = new LiveBroker(folder, BEFORE)) {
            Mqtt ann = broker.connect("ann", "c1");
            ann.subscribe("a/#", 0);
            ann.subscribe("b/#", 0);
            ann.publish("a/x", "kept", 1, true);
            ann.publish("a/y", "hidden", 1, true);
            Mqtt bob = broker.connect("bob", "c2");
            Mqtt cat = broker.connect("cat", "c3");
            cat.subscribe("a/#", 0);
            cat.subscribe("b/x", 0);

            Map<String, Object> impact = ask(AFTER);
            assertThat(impact)
                    .containsEntry("dormant", 2)
                    .containsEntry("disconnected", 1)
                    .containsEntry("retained_hidden", 1)
                    .containsEntry("clients", List.of("c2"));
            assertThat((List<?>) impact.get("subscriptions"))
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                    .containsExactlyInAnyOrder(
                            Map.of("client", "c1", "filter", "a/#"), Map.of("client", "c3", "filter", "b/x"));
            assertThat(ask(BEFORE))
                    .containsEntry("dormant", 0)
                    .containsEntry("disconnected", 0)
                    .containsEntry("retained_hidden", 0);
            assertThat(bob.sync()).isTrue();

            broker.policy(AFTER);
            assertThat(broker.metric("subscriptions_revoked")).isEqualTo(2);
            // the end is decided when the policy is in force; its packet is on the way
            await().atMost(Duration.ofSeconds(30)).until(() -> bob.disconnectReason() == 0x87);
            assertThat(ask(AFTER)).containsEntry("dormant", 0).containsEntry("disconnected", 0);
        }
    }

    @Test
    void impact_ofAPolicyWithAMistake_isRefusedWithIt() throws Exception {
        try (LiveBroker broker = new LiveBroker(folder, BEFORE)) {
            assertThatThrownBy(() -> ask("version: 1\nrolls: {}\n"))
                    .isInstanceOf(ControlCommand.Refused.class)
                    .hasMessageContaining("10-main.yaml:2:1: error P104");
            assertThatThrownBy(() ->
                            ControlClient.ask(folder.resolve("data"), "policy-impact", Map.of("folder", "relative")))
                    .hasMessageContaining("absolute path");
            assertThat(broker.connect("ann", "c").sync()).isTrue();
        }
    }

    private Map<String, Object> ask(String policy) throws IOException, ControlCommand.Refused {
        Path file = Files.writeString(next.resolve("10-main.yaml"), policy);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        return new java.util.HashMap<>(
                ControlClient.ask(folder.resolve("data"), "policy-impact", Map.of("folder", next.toString())));
    }
}

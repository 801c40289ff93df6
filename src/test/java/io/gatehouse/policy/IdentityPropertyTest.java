package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.Subject;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of variables are compared with whole levels and never become part of a pattern. */
class IdentityPropertyTest {
    private static final int VALUES = 5_000;
    private static final String[] PIECES = {
        "a", "b", "x", "+", "#", "/", "$", "$SYS", "\0", "", "..", "%2f", "é", "e\u0301", "😀", "\uD800", " ", "\u007F",
        "\u200B"
    };

    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Judge judge = new Judge();
    private final PolicySet set =
            TestPolicies.set("pub dev/<id>/#", "pub <id>/top", "sub dev/<id>/#", "deny sub dev/<id>/no");

    @Test
    void i13_anyValue_reachesOnlyTopicsThatHaveItAsThatLevel() {
        for (int i = 0; i < VALUES; i++) {
            String value = value();
            Binding binding = bound(value).regardless();
            for (String level : List.of("a", "b", "x", "$SYS", "$", "", "ab", "é", value)) {
                for (String topic :
                        List.of("dev/" + level + "/t", "dev/" + level, level + "/top", "dev/" + level + "/u/v")) {
                    if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
                        continue;
                    }
                    boolean reached = judge.publish(binding, topic, Qos.AT_MOST_ONCE, false, 0, null) == null;
                    boolean hasIt = topic.startsWith("dev/")
                            ? topic.split("/", -1)[1].equals(value)
                            : topic.split("/", -1)[0].equals(value) && !value.startsWith("$");
                    assertThat(!reached || hasIt)
                            .as("seed %d, value %s, topic %s", seed, Denials.quoted(value), Denials.quoted(topic))
                            .isTrue();
                }
            }
        }
    }

    @Test
    void i13_anyValue_neverWidensAFilter() {
        for (int i = 0; i < VALUES; i++) {
            String value = value();
            Binding binding = bound(value).regardless();
            for (String filter : List.of("#", "dev/#", "dev/+/#", "dev/+", "+/+", "dev/a/#", "dev/x/t")) {
                boolean granted =
                        judge.verdict(binding, TopicFilter.of(filter), false).isGranted();
                assertThat(!granted || filter.startsWith("dev/" + value + "/"))
                        .as("seed %d, value %s, filter %s", seed, Denials.quoted(value), filter)
                        .isTrue();
            }
        }
    }

    @Test
    void i14_differentValues_neverReachEachOther() {
        for (int i = 0; i < VALUES; i++) {
            String one = value();
            String other = value();
            Binding binding = bound(one).regardless();
            if (one.equals(other) || other.contains("+") || other.contains("#") || other.contains("/")) {
                continue;
            }
            assertThat(judge.publish(binding, "dev/" + other + "/t", Qos.AT_MOST_ONCE, false, 0, null))
                    .as("seed %d, %s reaches %s", seed, Denials.quoted(one), Denials.quoted(other))
                    .isNotNull();
        }
    }

    @ParameterizedTest(name = "value {index}")
    @ValueSource(strings = {"", "+", "#", "a/b", "/", "a+", "$SYS", "a\0b", "\u0001", "e\u0301", "\uD800x", "a\u007F"})
    void login_withUnusableValue_isRefusedAndSaysWhy(String value) {
        Denied refusal = bound(value).refusal();

        assertThat(refusal).isNotNull();
        assertThat(refusal.explanation()).startsWith("variable <id> has no value: jwt.id");
    }

    @Test
    void login_withOver256Bytes_isRefused() {
        assertThat(bound("é".repeat(128)).refusal()).isNull();
        assertThat(bound("é".repeat(128) + "a").refusal()).isNotNull();
        assertThat(bound("a".repeat(64 << 10)).refusal()).isNotNull();
    }

    @Test
    void login_withTwoUsableValues_isRefused() {
        Subject both = new Subject("u", Set.of(), "", null, Map.of("jwt.id", List.of("a", "b")));
        Subject one = new Subject("u", Set.of(), "", null, Map.of("jwt.id", List.of("a", "b/c")));

        assertThat(TestPolicies.bind(set, both).refusal()).isNotNull();
        assertThat(TestPolicies.bind(set, one).refusal()).isNull();
    }

    @Test
    void absentValue_inADeny_deniesEveryLevel() {
        PolicySet open = TestPolicies.set("sub #", "deny sub dev/<id>/no", "deny sub <id>/top");
        for (String value : List.of("", "a/b", "+")) {
            Binding binding = TestPolicies.bind(open, TestPolicies.subject(Map.of("id", value)))
                    .regardless();

            assertThat(receives(binding, "dev/anything/no")).as(value).isFalse();
            assertThat(receives(binding, "anything/top")).as(value).isFalse();
            assertThat(receives(binding, "dev/anything/yes")).as(value).isTrue();
            assertThat(judge.verdict(binding, TopicFilter.of("dev/+/no"), false))
                    .isEqualTo(Verdict.ALL_DENIED);
            assertThat(judge.verdict(binding, TopicFilter.of("dev/#"), false)).isEqualTo(Verdict.GRANT_AND_FILTER);
        }
    }

    @Test
    void dollarValue_asFirstLevelOfADeny_deniesEveryFirstLevel() {
        PolicySet open = TestPolicies.set("sub #", "sub $SYS/#", "deny sub <id>/top", "deny sub dev/<id>/no");
        Binding binding = TestPolicies.bind(open, TestPolicies.subject(Map.of("id", "$SYS")))
                .regardless();

        assertThat(receives(binding, "$SYS/top")).isFalse();
        assertThat(receives(binding, "a/top")).isFalse();
        assertThat(receives(binding, "dev/$SYS/no")).isFalse();
        assertThat(receives(binding, "dev/a/no")).isTrue();
    }

    private boolean receives(Binding binding, String topic) {
        return judge.receives(binding, io.gatehouse.protocol.TopicName.of(topic));
    }

    private Binding bound(String value) {
        return TestPolicies.bind(set, TestPolicies.subject(Map.of("id", value)));
    }

    /** A few pieces, or bytes that are not UTF-8, or a very long text. */
    private String value() {
        int kind = random.nextInt(40);
        if (kind == 0) {
            return "a".repeat(random.nextInt(64 << 10));
        }
        if (kind < 4) {
            byte[] bytes = new byte[random.nextInt(8)];
            random.nextBytes(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i >= 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    @Test
    void pieces_holdWhatIsDangerous() {
        assertThat(Arrays.asList(PIECES)).contains("+", "#", "/", "$SYS", "\0");
    }
}

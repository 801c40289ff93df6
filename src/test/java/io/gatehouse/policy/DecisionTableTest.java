package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of decisions: what each of seventy small policies answers, and why brokers get it wrong. */
class DecisionTableTest {
    static Stream<String> rows() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(DecisionTableTest.class.getResourceAsStream("/policy/decisions.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.startsWith("#")).toList().stream();
        }
    }

    @Test
    void table_hasAllItsRows() throws IOException {
        assertThat(rows()).hasSize(70);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void decision_ofRow_isAsTheTableSays(String row) {
        String[] columns =
                Arrays.stream(row.split(" \\| ", -1)).map(String::trim).toArray(String[]::new);
        String[] rules = columns[1].equals("(empty)") ? new String[0] : columns[1].split("; ");
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : columns[2].split(",")) {
            if (pair.contains("=")) {
                values.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
            }
        }
        PolicySet set = TestPolicies.set(rules);
        // the login itself is refused where a variable is absent; the rows ask what would happen if it were not
        Binding binding = set.bind(TestPolicies.subject(values), values.getOrDefault("client", "c"), Instant.EPOCH, 1)
                .regardless();
        Judge judge = new Judge();

        String answer = switch (columns[3]) {
            case "sub" -> subscribe(judge, binding, columns[4]);
            case "recv" -> judge.receives(binding, TopicName.of(columns[4])) ? "ALLOW" : "DENY";
            default -> judge.publish(binding, columns[4], Qos.AT_MOST_ONCE, false, 0, null) == null ? "ALLOW" : "DENY";
        };

        assertThat(answer).isEqualTo(columns[5]);
    }

    private static String subscribe(Judge judge, Binding binding, String filter) {
        try {
            return switch (judge.verdict(binding, TopicFilter.of(filter), false)) {
                case GRANT -> "GRANT";
                case GRANT_AND_FILTER -> "GRANT+FILTER";
                case NO_ALLOW -> "DENY(no allow)";
                case WIDER_THAN_ALLOWED -> "DENY(wider than allowed)";
                case ALL_DENIED -> "DENY(all denied)";
                case HOLES -> "DENY(holes)";
                case GROUP_NOT_ALLOWED -> "DENY(group)";
            };
        } catch (MalformedPacket e) {
            return "MALFORMED";
        }
    }
}

package io.gatehouse.policy;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.Subject;
import io.gatehouse.policy.model.Condition;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Evaluates conditions: true, false, or unknown, which closes both ways. Stateless.
 *
 * <p>The lines of a block are ANDed, the values of a line ORed.
 */
final class Conditions {
    /** What a condition came to. */
    enum Truth {
        FALSE,
        UNKNOWN,
        TRUE;

        Truth and(Truth other) {
            return compareTo(other) <= 0 ? this : other;
        }
    }

    private Conditions() {}

    /** @param groups user names by group */
    static Truth all(
            List<Condition> conditions,
            Subject subject,
            String clientId,
            Map<String, List<String>> groups,
            Instant now) {
        Truth truth = Truth.TRUE;
        for (Condition condition : conditions) {
            truth = truth.and(one(condition, subject, clientId, groups, now));
        }
        return truth;
    }

    private static Truth one(
            Condition condition, Subject subject, String clientId, Map<String, List<String>> groups, Instant now) {
        List<String> values = condition.values();
        return switch (condition.key()) {
            case "listener" ->
                subject.listener().isEmpty() ? Truth.UNKNOWN : truth(matchesAny(values, subject.listener()));
            case "network" ->
                subject.address() == null
                        ? Truth.UNKNOWN
                        : truth(values.stream().anyMatch(network -> contains(network, subject.address())));
            case "auth" ->
                truth(subject.methods().stream().map(AuthMethod::word).anyMatch(values::contains));
            case "time" ->
                truth(values.stream()
                        .map(TimeWindow::parse)
                        .flatMap(Optional::stream)
                        .anyMatch(window -> window.isOpenAt(now)));
            case "user" -> truth(!subject.user().isEmpty() && matchesAny(values, subject.user()));
            case "client" -> truth(matchesAny(values, clientId));
            case "group" ->
                truth(values.stream()
                        .anyMatch(group -> groups.getOrDefault(group, List.of()).contains(subject.user())));
            // an absent attribute is known to be absent: it matches nothing
            default -> truth(subject.values(condition.key()).stream().anyMatch(value -> matchesAny(values, value)));
        };
    }

    private static Truth truth(boolean value) {
        return value ? Truth.TRUE : Truth.FALSE;
    }

    private static boolean matchesAny(List<String> patterns, String value) {
        for (String pattern : patterns) {
            if (matches(pattern, value)) {
                return true;
            }
        }
        return false;
    }

    /** A {@code *} at the start or the end stands for any text; the rest is anchored. */
    static boolean matches(String pattern, String value) {
        boolean open = pattern.endsWith("*");
        boolean openStart = pattern.startsWith("*") && pattern.length() > 1;
        String core = pattern.substring(openStart ? 1 : 0, pattern.length() - (open ? 1 : 0));
        if (open && openStart) {
            return value.contains(core);
        }
        if (open) {
            return value.startsWith(core);
        }
        return openStart ? value.endsWith(core) : value.equals(pattern);
    }

    /** Whether a network in CIDR notation holds an address; validated when the policy was read. */
    static boolean contains(String network, InetAddress address) {
        int slash = network.indexOf('/');
        byte[] net;
        try {
            // a literal address: no name is ever looked up
            net = InetAddress.getByName(slash < 0 ? network : network.substring(0, slash))
                    .getAddress();
        } catch (UnknownHostException e) {
            return false;
        }
        byte[] bytes = address.getAddress();
        if (net.length != bytes.length) {
            return false;
        }
        int bits = slash < 0 ? net.length * 8 : Integer.parseInt(network.substring(slash + 1));
        for (int i = 0; i < bits; i++) {
            int mask = 0x80 >> i % 8;
            if ((net[i / 8] & mask) != (bytes[i / 8] & mask)) {
                return false;
            }
        }
        return true;
    }
}

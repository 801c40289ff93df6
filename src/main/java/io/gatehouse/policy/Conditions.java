package io.gatehouse.policy;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.config.Network;
import io.gatehouse.policy.model.Condition;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A block of conditions, compiled: its lines are ANDed, the values of a line ORed. Immutable; any thread.
 *
 * <p>A value that cannot be read (a network, a time window) makes its line unknown, which closes: the language refuses
 * such a policy long before.
 */
final class Conditions {
    private static final Conditions NONE = new Conditions(List.of(), List.of());

    private final List<Line> lines;
    private final List<TimeWindow> windows;

    /** One line: what it comes to. */
    private interface Line {
        Truth test(Circumstances circumstances);
    }

    private Conditions(List<Line> lines, List<TimeWindow> windows) {
        this.lines = List.copyOf(lines);
        this.windows = List.copyOf(windows);
    }

    /** @param groups members by group */
    static Conditions of(List<Condition> conditions, Map<String, Set<String>> groups) {
        if (conditions.isEmpty()) {
            return NONE;
        }
        List<Line> lines = new ArrayList<>();
        List<TimeWindow> windows = new ArrayList<>();
        for (Condition condition : conditions) {
            List<String> values = condition.values();
            switch (condition.key()) {
                case "listener" ->
                    lines.add(c -> c.subject().listener().isEmpty()
                            ? Truth.UNKNOWN
                            : matchesAny(values, c.subject().listener()));
                case "network" -> lines.add(network(values));
                case "auth" ->
                    lines.add(c -> Truth.of(
                            c.subject().methods().stream().map(AuthMethod::word).anyMatch(values::contains)));
                case "time" -> {
                    List<Optional<TimeWindow>> parsed =
                            values.stream().map(TimeWindow::parse).toList();
                    parsed.stream().flatMap(Optional::stream).forEach(windows::add);
                    lines.add(c -> time(parsed, c.now()));
                }
                case "user" ->
                    lines.add(c -> c.subject().user().isEmpty()
                            ? Truth.FALSE
                            : matchesAny(values, c.subject().user()));
                case "client" -> lines.add(c -> matchesAny(values, c.clientId()));
                case "group" ->
                    lines.add(c -> Truth.of(!c.subject().user().isEmpty()
                            && values.stream()
                                    .anyMatch(group -> groups.getOrDefault(group, Set.of())
                                            .contains(c.subject().user()))));
                case "cert.issuer", "cert.subject" -> lines.add(directoryName(condition.key(), values));
                // an absent attribute is known to be absent: it matches nothing
                default ->
                    lines.add(c -> Truth.of(c.subject().values(condition.key()).stream()
                            .anyMatch(value -> matchesAny(values, value) == Truth.TRUE)));
            }
        }
        return new Conditions(lines, windows);
    }

    Truth test(Circumstances circumstances) {
        Truth truth = Truth.TRUE;
        for (Line line : lines) {
            truth = truth.and(line.test(circumstances));
        }
        return truth;
    }

    /** The time windows that it looks at. */
    Stream<TimeWindow> windows() {
        return windows.stream();
    }

    private static Truth time(List<Optional<TimeWindow>> windows, Instant now) {
        Truth truth = Truth.FALSE;
        for (Optional<TimeWindow> window : windows) {
            truth = truth.or(window.map(known -> known.at(now)).orElse(Truth.UNKNOWN));
        }
        return truth;
    }

    private static Line network(List<String> values) {
        List<Optional<Network>> networks = values.stream().map(Network::parse).toList();
        return c -> {
            InetAddress address = c.subject().address();
            Truth truth = address == null ? Truth.UNKNOWN : Truth.FALSE;
            for (Optional<Network> network : networks) {
                truth = truth.or(
                        network.isEmpty()
                                ? Truth.UNKNOWN
                                : Truth.of(address != null && network.get().contains(address)));
            }
            return truth;
        };
    }

    private static Line directoryName(String key, List<String> values) {
        List<DirectoryName> names = values.stream().map(DirectoryName::of).toList();
        return c -> Truth.of(c.names(key).stream()
                .anyMatch(value -> matchesAny(values, value.toString()) == Truth.TRUE
                        || names.stream().anyMatch(value::isSame)));
    }

    private static Truth matchesAny(List<String> patterns, String value) {
        for (String pattern : patterns) {
            if (matches(pattern, value)) {
                return Truth.TRUE;
            }
        }
        return Truth.FALSE;
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
}

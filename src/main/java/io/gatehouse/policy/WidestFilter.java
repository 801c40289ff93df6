package io.gatehouse.policy;

import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.TopicFilter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What to subscribe to instead of a filter that is wider than allowed. Stateless. */
final class WidestFilter {
    private WidestFilter() {}

    /** The widest pattern of an allow rule that would be granted as a filter and meets the one asked for. */
    static Optional<String> within(Authorizer authorizer, Binding binding, TopicFilter asked) {
        return binding.roles.stream()
                .map(Role::subscribe)
                .flatMap(List::stream)
                .map(item -> rendered(binding, item))
                .flatMap(Optional::stream)
                .distinct()
                .filter(pattern -> meets(asked.pattern().split("/", -1), pattern.split("/", -1), 0))
                .filter(pattern ->
                        authorizer.verdict(binding, TopicFilter.of(pattern)).isGranted())
                .min(Comparator.comparing((String pattern) -> !pattern.endsWith("#"))
                        .thenComparing(pattern -> pattern.split("/", -1).length)
                        .thenComparing(Comparator.naturalOrder()));
    }

    private static Optional<String> rendered(Binding binding, Item item) {
        String text = item.topic().levels().stream()
                .map(level ->
                        level instanceof Level.Variable variable ? value(binding, variable.name()) : level.toString())
                .collect(Collectors.joining("/"));
        return text.indexOf('\0') >= 0 || text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private static String value(Binding binding, String name) {
        @Nullable String value = binding.policy.value(binding, name);
        return value == null ? "\0" : value;
    }

    /** Whether two filters have a topic in common. */
    private static boolean meets(String[] a, String[] b, int i) {
        if (i < a.length && a[i].equals("#") || i < b.length && b[i].equals("#")) {
            return true;
        }
        if (i == a.length || i == b.length) {
            return a.length == b.length;
        }
        boolean level = a[i].equals(b[i]) || a[i].equals("+") || b[i].equals("+");
        return level && meets(a, b, i + 1);
    }
}

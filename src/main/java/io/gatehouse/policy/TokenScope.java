package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicFilter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a token says that it is for: its claim {@code acl}, as {@code {"publish": ["a/#"], "subscribe": ["b/+"]}}. Stateless.
 *
 * <p>It narrows: whoever has such a token may do what the roles allow and the token names, and nothing else. It never adds,
 * because it is asked only where the roles have said yes. Its filters are compiled as a policy of one role, so that covering,
 * overlapping and matching are the engine's own. What is no filter matches nothing; a claim of another shape allows nothing.
 */
final class TokenScope {
    private static final String CLAIM = "jwt.acl";
    private static final Place PLACE = Place.start("token");

    private TokenScope() {}

    /** @return null for whoever has no such token */
    static @Nullable Binding of(Subject subject, Policy.Defaults defaults, Instant now, long epoch) {
        boolean narrows = subject.attributes().keySet().stream()
                .anyMatch(key -> key.equals(CLAIM) || key.startsWith(CLAIM + "."));
        if (!narrows) {
            return null;
        }
        Role role = new Role(
                "token",
                List.of(),
                List.of(),
                items(subject.values(CLAIM + ".publish")),
                items(subject.values(CLAIM + ".subscribe")),
                List.of(),
                List.of(),
                Limits.NONE,
                List.of(),
                false,
                PLACE);
        Policy policy = new Policy(
                defaults,
                Map.of(),
                Map.of("token", role),
                Map.of(),
                Map.of(),
                List.of(new Assignment(List.of(), List.of("token"), PLACE)),
                List.of(),
                List.of(),
                Map.of());
        // too many combinations for one topic: closed, as a policy with them is
        PolicySet set = PolicySet.compile(policy).set().orElseGet(PolicySet::empty);
        return set.bind(new Subject(subject.user(), subject.methods(), "", null, Map.of()), "", now, epoch);
    }

    private static List<Item> items(List<String> filters) {
        List<Item> items = new ArrayList<>();
        for (String filter : filters) {
            if (isFilter(filter)) {
                List<Level> levels = Arrays.stream(filter.split("/", -1))
                        .map(TokenScope::level)
                        .toList();
                // which groups may be joined is for the roles to say
                items.add(new Item(
                        new Pattern(levels, PLACE), Qos.EXACTLY_ONCE, true, Limits.UNLIMITED, List.of("*"), false));
            }
        }
        return items;
    }

    private static boolean isFilter(String text) {
        try {
            return !text.equals("$share") && TopicFilter.of(text).shareGroup().isEmpty();
        } catch (MalformedPacket e) {
            return false;
        }
    }

    private static Level level(String text) {
        return switch (text) {
            case "+" -> new Level.AnyLevel();
            case "#" -> new Level.AnyDeeper();
            default -> new Level.Literal(text);
        };
    }
}

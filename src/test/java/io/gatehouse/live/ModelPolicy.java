package io.gatehouse.live;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A random policy and what it means, by the letter of the specification and nothing clever: every question is answered by
 * looking at every topic of a small world. Immutable.
 *
 * <p>Patterns are at most two levels deep, of {@code a}, {@code b}, {@code x}, {@code y} and wildcards. The world has one
 * level more, and one name that no pattern has, so that what holds for all of it holds for all topics there are.
 */
final class ModelPolicy {
    static final List<String> TOPICS = List.of("a/x", "a/y", "b/x", "b/y", "a", "x");
    static final List<String> ROLES = List.of("ann", "bob", "cat", "dan", "tom0", "tom1");
    private static final List<String> LEVELS = List.of("a", "b", "x", "y", "z");
    private static final List<String> WORLD = world();

    private final Map<String, Role> roles = new LinkedHashMap<>();
    private final boolean wide;

    private record Item(String pattern, boolean shared) {}

    private record Role(
            List<String> publish, List<Item> subscribe, List<String> denyPublish, List<String> denySubscribe) {}

    ModelPolicy(Random random) {
        wide = random.nextInt(4) == 0;
        for (String role : ROLES) {
            List<Item> items = new ArrayList<>();
            patterns(random, 1 + random.nextInt(3), true)
                    .forEach(pattern -> items.add(new Item(pattern, random.nextInt(3) > 0)));
            roles.put(
                    role,
                    new Role(
                            patterns(random, 1 + random.nextInt(3), true),
                            items,
                            patterns(random, random.nextInt(2), false),
                            patterns(random, random.nextInt(3), false)));
        }
    }

    private static List<String> world() {
        List<String> world = new ArrayList<>();
        List<String> longest = List.of("");
        for (int depth = 1; depth <= 3; depth++) {
            List<String> longer = new ArrayList<>();
            for (String head : longest) {
                LEVELS.forEach(level -> longer.add(head.isEmpty() ? level : head + "/" + level));
            }
            world.addAll(longer);
            longest = longer;
        }
        return List.copyOf(world);
    }

    private static List<String> patterns(Random random, int count, boolean wild) {
        Set<String> patterns = new LinkedHashSet<>();
        for (int i = 0; i < count; i++) {
            patterns.add(wild && random.nextInt(4) == 0 ? "#" : filter(random));
        }
        return List.copyOf(patterns);
    }

    /** A random filter of the world's. */
    static String filter(Random random) {
        String first = List.of("a", "b", "+", "a").get(random.nextInt(4));
        String second = List.of("x", "y", "+", "#", "#").get(random.nextInt(5));
        return random.nextInt(8) == 0 ? first : first + "/" + second;
    }

    static boolean matches(String pattern, String topic) {
        String[] p = pattern.split("/", -1);
        String[] t = topic.split("/", -1);
        for (int i = 0; i < p.length; i++) {
            if (p[i].equals("#")) {
                return t.length >= i;
            }
            if (i >= t.length || !p[i].equals("+") && !p[i].equals(t[i])) {
                return false;
            }
        }
        return p.length == t.length;
    }

    private static Set<String> of(List<String> patterns) {
        Set<String> topics = new TreeSet<>();
        WORLD.stream()
                .filter(topic -> patterns.stream().anyMatch(pattern -> matches(pattern, topic)))
                .forEach(topics::add);
        return topics;
    }

    private Role role(String name) {
        return java.util.Objects.requireNonNull(roles.get(name));
    }

    boolean mayPublish(String role, String topic) {
        Role its = role(role);
        return its.publish.stream().anyMatch(pattern -> matches(pattern, topic))
                && its.denyPublish.stream().noneMatch(pattern -> matches(pattern, topic));
    }

    boolean mayReceive(String role, String topic) {
        Role its = role(role);
        return its.subscribe.stream().anyMatch(item -> matches(item.pattern, topic))
                && its.denySubscribe.stream().noneMatch(pattern -> matches(pattern, topic));
    }

    /** Whether a filter, which may be shared, is granted. */
    boolean grants(String role, String filter) {
        boolean shared = filter.startsWith("$share/");
        String pattern = shared ? filter.split("/", 3)[2] : filter;
        Set<String> wanted = of(List.of(pattern));
        Set<String> allowed = allowed(role, item -> true);
        if (of(role(role).denySubscribe).containsAll(wanted)) {
            return false;
        }
        boolean covered = allowed.containsAll(wanted);
        boolean some = wanted.stream().anyMatch(allowed::contains);
        return (covered || wide && some)
                && (!shared || allowed(role, Item::shared).containsAll(wanted));
    }

    private Set<String> allowed(String role, Predicate<Item> which) {
        return of(role(role).subscribe.stream().filter(which).map(Item::pattern).toList());
    }

    /** As a file. */
    String yaml() {
        StringBuilder text = new StringBuilder("version: 1\n");
        if (wide) {
            text.append("defaults: {wide_subscriptions: filter}\n");
        }
        text.append("roles:\n  base: {publish: [nobody/asks]}\n");
        roles.forEach((name, role) -> {
            text.append("  ").append(name).append(":\n    publish: ").append(quoted(role.publish));
            text.append("\n    subscribe: [");
            text.append(String.join(
                    ", ",
                    role.subscribe.stream()
                            .map(item -> item.shared
                                    ? "{topic: \"" + item.pattern + "\", shared: [g]}"
                                    : "\"" + item.pattern + "\"")
                            .toList()));
            text.append("]\n    deny: {publish: ").append(quoted(role.denyPublish));
            text.append(", subscribe: ").append(quoted(role.denySubscribe)).append("}\n");
        });
        text.append("users:\n");
        for (String user : List.of("ann", "bob", "cat", "dan")) {
            text.append("  ").append(user).append(": [base, ").append(user).append("]\n");
        }
        text.append("assign:\n  - {to: {auth: jwt}, roles: [base]}\n");
        for (String claim : List.of("tom0", "tom1")) {
            text.append("  - {to: {jwt.role: ")
                    .append(claim)
                    .append("}, roles: [")
                    .append(claim)
                    .append("]}\n");
        }
        return text.toString();
    }

    private static String quoted(List<String> patterns) {
        return "["
                + String.join(
                        ", ", patterns.stream().map(one -> '"' + one + '"').toList()) + "]";
    }
}

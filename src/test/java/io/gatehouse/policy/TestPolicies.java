package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.Qos;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Policies from a few words, for the tests of every room: {@code "allow publish a/#"}, {@code "allow subscribe a/#"},
 * {@code "deny subscribe a/b"}, or shorter {@code "pub a/#"}, {@code "sub a/#"}, {@code "deny sub a/b"}.
 */
public final class TestPolicies {
    private static final Place PLACE = new Place("test.yaml", 1, 1);

    private TestPolicies() {}

    /** An authorizer whose every user, and nobody but users, has the rules. */
    public static Authorizer authorizer(String... rules) {
        return new Authorizer(set(rules), Clock.systemUTC());
    }

    /** One role for all users. A {@code sub} of these lets join any share group. */
    public static PolicySet set(String... rules) {
        Role role = role("tester", List.of(rules), List.of("*"));
        Policy policy = new Policy(
                Policy.Defaults.STRICT,
                variables(rules),
                Map.of(role.name(), role),
                Map.of(),
                Map.of(),
                List.of(new io.gatehouse.policy.model.Assignment(List.of(), List.of("tester"), PLACE)),
                List.of(),
                List.of(),
                Map.of());
        return PolicySet.compile(policy).set().orElseThrow();
    }

    public static Role role(String name, List<String> rules, List<String> shared) {
        List<Item> publish = new ArrayList<>();
        List<Item> subscribe = new ArrayList<>();
        List<Pattern> denyPublish = new ArrayList<>();
        List<Pattern> denySubscribe = new ArrayList<>();
        for (String rule : rules) {
            boolean deny = rule.startsWith("deny ");
            String allowed = rule.startsWith("allow ") ? rule.substring(6) : rule;
            String[] words = (deny ? rule.substring(5) : allowed).trim().split(" ", 2);
            Pattern pattern = pattern(words[1].trim());
            boolean pub = words[0].equals("pub") || words[0].equals("publish");
            if (!pub && !words[0].equals("sub") && !words[0].equals("subscribe")) {
                throw new IllegalArgumentException("not a rule: " + rule);
            }
            if (deny) {
                (pub ? denyPublish : denySubscribe).add(pattern);
            } else {
                (pub ? publish : subscribe)
                        .add(new Item(
                                pattern, Qos.EXACTLY_ONCE, true, Limits.UNLIMITED, pub ? List.of() : shared, false));
            }
        }
        return new Role(
                name,
                List.of(),
                List.of(),
                publish,
                subscribe,
                denyPublish,
                denySubscribe,
                Limits.NONE,
                List.of(),
                false,
                PLACE);
    }

    public static Pattern pattern(String text) {
        List<Level> levels = new ArrayList<>();
        for (String level : text.split("/", -1)) {
            levels.add(
                    switch (level) {
                        case "+" -> new Level.AnyLevel();
                        case "#" -> new Level.AnyDeeper();
                        default ->
                            level.startsWith("<")
                                    ? new Level.Variable(level.substring(1, level.length() - 1))
                                    : new Level.Literal(level);
                    });
        }
        return new Pattern(levels, text, PLACE);
    }

    /** A subject whose variables come from {@code jwt.NAME}, but {@code cn}, {@code user} and {@code client}. */
    static Subject subject(Map<String, String> values) {
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        values.forEach((name, value) -> attributes.put(name.equals("cn") ? "cert.cn" : "jwt." + name, List.of(value)));
        return new Subject("tester", Set.of(), "devices", null, attributes);
    }

    private static Map<String, Variable> variables(String... rules) {
        Map<String, Variable> variables = new LinkedHashMap<>();
        for (String rule : rules) {
            java.util.regex.Matcher matcher =
                    java.util.regex.Pattern.compile("<([a-z]+)>").matcher(rule);
            while (matcher.find()) {
                String name = matcher.group(1);
                if (!PolicySet.builtInVariables().contains(name)) {
                    variables.put(name, new Variable(name, "jwt." + name, "", "", "", 256, false, null, PLACE));
                }
            }
        }
        return variables;
    }
}

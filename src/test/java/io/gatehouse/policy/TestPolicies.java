package io.gatehouse.policy;

import io.gatehouse.authn.Principal;
import io.gatehouse.authn.Subject;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Qos;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Policies from a few words, for the tests of every room: {@code "allow publish a/#"}, {@code "allow subscribe a/#"},
 * {@code "deny subscribe a/b"}, or shorter {@code "pub a/#"}, {@code "sub a/#"}, {@code "deny sub a/b"}.
 */
public final class TestPolicies {
    static final Place PLACE = new Place("test.yaml", 1, 1);

    static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    private TestPolicies() {}

    /** An authorizer whose every user, and nobody but users, has the rules. */
    public static Authorizer authorizer(String... rules) {
        return new Authorizer(set(rules), Clock.systemUTC());
    }

    /** One role for all users. A {@code sub} of these lets join any share group. */
    public static PolicySet set(String... rules) {
        return compiled(policy(List.of(role("tester", List.of(rules), List.of("*")))));
    }

    /** A policy that gives everybody all the roles. */
    public static Policy policy(List<Role> roles) {
        return policy(roles, roles.stream().map(Role::name).toList());
    }

    /** A policy that gives everybody some of its roles; its variables come from {@code jwt.NAME}. */
    public static Policy policy(List<Role> roles, List<String> given) {
        return new Policy(
                Policy.Defaults.STRICT,
                variables(roles),
                roles.stream().collect(Collectors.toMap(Role::name, role -> role)),
                Map.of(),
                Map.of(),
                List.of(new Assignment(List.of(), given, PLACE)),
                List.of(),
                List.of(),
                Map.of());
    }

    public static PolicySet compiled(Policy policy) {
        PolicySet.Compilation compilation = PolicySet.compile(policy);
        return compilation.set().orElseThrow(() -> new AssertionError(compilation.problems()));
    }

    static Binding bound(List<String> rules) {
        return bound(policy(List.of(role("tester", rules, List.of("*")))), anybody());
    }

    static Binding bound(Policy policy, Subject subject) {
        return bind(compiled(policy), subject);
    }

    static Binding bind(PolicySet set, Subject subject) {
        return set.bind(subject, "c", Instant.EPOCH, 1);
    }

    static Subject anybody() {
        return anybodyAt("devices");
    }

    static Subject anybodyAt(String listener) {
        return new Subject("tester", Set.of(), listener, null, Map.of());
    }

    /** What anybody gets from a policy that lets anybody in. */
    static Rights rights(Authorizer authorizer) {
        return rights(authorizer, TestPrincipals.of(anybody(), "password", null));
    }

    static Rights rights(Authorizer authorizer, Principal principal) {
        ConnectDecision decision = authorizer.connect(principal, new ClientId("c"), null);
        if (decision instanceof AuthorizedConnect connect) {
            return connect.rights();
        }
        throw new AssertionError(decision);
    }

    static Role shadow(Role role) {
        return new Role(
                role.name(),
                role.include(),
                role.clientIds(),
                role.publish(),
                role.subscribe(),
                role.denyPublish(),
                role.denySubscribe(),
                role.limits(),
                role.when(),
                true,
                role.place());
    }

    static Role when(Role role, Condition... conditions) {
        return new Role(
                role.name(),
                role.include(),
                role.clientIds(),
                role.publish(),
                role.subscribe(),
                role.denyPublish(),
                role.denySubscribe(),
                role.limits(),
                List.of(conditions),
                role.shadow(),
                role.place());
    }

    static Role including(Role role, String... names) {
        return new Role(
                role.name(),
                List.of(names),
                role.clientIds(),
                role.publish(),
                role.subscribe(),
                role.denyPublish(),
                role.denySubscribe(),
                role.limits(),
                role.when(),
                role.shadow(),
                role.place());
    }

    static Role bindingClientIds(Role role, String... patterns) {
        return new Role(
                role.name(),
                role.include(),
                List.of(patterns),
                role.publish(),
                role.subscribe(),
                role.denyPublish(),
                role.denySubscribe(),
                role.limits(),
                role.when(),
                role.shadow(),
                role.place());
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
        return new Pattern(levels, PLACE);
    }

    /** A subject whose variables come from {@code jwt.NAME}, but {@code cn}, {@code user} and {@code client}. */
    static Subject subject(Map<String, String> values) {
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        values.forEach((name, value) -> attributes.put(name.equals("cn") ? "cert.cn" : "jwt." + name, List.of(value)));
        return new Subject("tester", Set.of(), "devices", null, attributes);
    }

    private static Map<String, Variable> variables(List<Role> roles) {
        Stream<Pattern> items = roles.stream()
                .flatMap(role -> Stream.concat(role.publish().stream(), role.subscribe().stream()))
                .map(Item::topic);
        Stream<Pattern> denies = roles.stream()
                .flatMap(role -> Stream.concat(role.denyPublish().stream(), role.denySubscribe().stream()));
        Map<String, Variable> variables = new LinkedHashMap<>();
        Stream.concat(items, denies)
                .flatMap(pattern -> pattern.levels().stream())
                .filter(Level.Variable.class::isInstance)
                .map(level -> ((Level.Variable) level).name())
                .filter(name -> !PolicySet.builtInVariables().contains(name))
                .forEach(name ->
                        variables.put(name, new Variable(name, "jwt." + name, "", "", "", 256, false, null, PLACE)));
        return variables;
    }
}

package io.gatehouse.policy.lint;

import io.gatehouse.config.Place;
import io.gatehouse.policy.TimeWindow;
import io.gatehouse.policy.language.TestRun;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Advice on roles, who has them and what tests them: L01, L05, L06, L13, L15, L16, L17, L20,
 * L21. Confined to one thread. */
final class RoleLint {
    private static final Duration LONG_ENOUGH = Duration.ofDays(30);
    private static final Set<String> NAMES =
            Set.of("cert.cn", "cert.subject", "cert.serial", "cert.san.uri", "cert.san.dns", "cert.san.email");
    private static final Pattern NAME = Pattern.compile("<([a-z][a-z0-9-]*)>");

    private final Lint lint;
    private final Policy policy;
    private final Holdings holdings;
    private final Lint.Context context;

    RoleLint(Lint lint, Policy policy, Holdings holdings, Lint.Context context) {
        this.lint = lint;
        this.policy = policy;
        this.holdings = holdings;
        this.context = context;
    }

    void run() {
        for (Role role : Lint.roles(policy)) {
            if (!holdings.isHeld(role.name())) {
                lint.find(
                        role.place(),
                        "L01",
                        "role \"" + role.name() + "\" is given to nobody: none of its rules ever matches.");
            }
            client(role);
            windows(role.when());
        }
        policy.assignments().forEach(row -> windows(row.to()));
        policy.assignments().forEach(this::namesOfSeveralAuthorities);
        unused();
        shadows();
        tests();
        anonymous();
        connections();
    }

    private void client(Role role) {
        Set<String> own = new HashSet<>(Set.of("client"));
        policy.variables().values().stream()
                .filter(variable -> variable.from().equals("client"))
                .forEach(variable -> own.add(variable.name()));
        if (!role.clientIds().isEmpty()) {
            return;
        }
        Statement.of(role).stream()
                .filter(statement -> !statement.deny() && statement.variables().anyMatch(own::contains))
                .findFirst()
                .ifPresent(statement -> lint.find(
                        statement.place(),
                        "L05",
                        "\"" + statement.text() + "\" uses what the client itself chose as its id. Bind it with"
                                + " \"client_id\" in role \"" + role.name() + "\"."));
    }

    private void windows(List<Condition> conditions) {
        for (Condition condition : conditions) {
            boolean over = condition.key().equals("time")
                    && condition.values().stream()
                            .flatMap(text -> TimeWindow.parse(text).stream())
                            .noneMatch(window -> window.mayOpen(context.clock().instant()));
            if (over) {
                lint.find(
                        condition.place(),
                        "L20",
                        "time window " + condition.values() + " never opens again. Remove what depends on it.");
            }
        }
    }

    /** Two authorities may give one name to two holders, and where both are trusted the name says neither. */
    private void namesOfSeveralAuthorities(Assignment row) {
        List<String> keys = row.to().stream().map(Condition::key).toList();
        Optional<String> name = keys.stream().filter(NAMES::contains).findFirst();
        if (name.isEmpty() || keys.contains("cert.issuer") || keys.contains("cert.sha256")) {
            return;
        }
        List<String> only = row.to().stream()
                .filter(condition -> condition.key().equals("listener"))
                .flatMap(condition -> condition.values().stream())
                .toList();
        context.authorities().entrySet().stream()
                .filter(listener -> listener.getValue() > 1 && (only.isEmpty() || only.contains(listener.getKey())))
                .map(Map.Entry::getKey)
                .min(String::compareTo)
                .ifPresent(listener -> lint.find(
                        row.place(),
                        "L21",
                        "\"" + name.get() + "\" alone says who somebody is, and listener \"" + listener
                                + "\" takes certificates of "
                                + context.authorities().get(listener)
                                + " authorities: each of them may give that name. Say \"cert.issuer\", too."));
    }

    private void unused() {
        Set<String> used = new HashSet<>();
        Stream.concat(policy.roles().values().stream(), policy.everyone().stream())
                .forEach(role -> {
                    items(role).map(Item::topic).forEach(topic -> names(topic.text(), used));
                    Stream.concat(role.denyPublish().stream(), role.denySubscribe().stream())
                            .forEach(topic -> names(topic.text(), used));
                    role.clientIds().forEach(text -> names(text, used));
                });
        for (Variable variable : policy.variables().values()) {
            if (!used.contains(variable.name())) {
                lint.find(variable.place(), "L06", "variable <" + variable.name() + "> is not used.");
            }
        }
        Set<String> named = new HashSet<>();
        policy.assignments().stream()
                .flatMap(row -> row.to().stream())
                .filter(condition -> condition.key().equals("group"))
                .forEach(condition -> named.addAll(condition.values()));
        policy.groups().keySet().stream()
                .filter(group -> !named.contains(group))
                .forEach(group -> lint.find(
                        anywhere(), "L06", "group \"" + group + "\" is not used: no row of \"assign\" names it."));
    }

    private static Stream<Item> items(Role role) {
        return Stream.concat(role.publish().stream(), role.subscribe().stream());
    }

    private static void names(String text, Set<String> into) {
        for (Matcher name = NAME.matcher(text); name.find(); ) {
            into.add(name.group(1));
        }
    }

    private void shadows() {
        Instant old = context.clock().instant().minus(LONG_ENOUGH);
        for (Shadows.Shadow shadow : Shadows.of(policy)) {
            Instant since = context.shadows().get(shadow.words());
            Instant changed = context.changed().get(shadow.place().file());
            if (since != null ? since.isBefore(old) : changed != null && changed.isBefore(old)) {
                lint.find(
                        shadow.place(),
                        "L13",
                        shadow.words() + " is a shadow"
                                + (since != null
                                        ? " since " + since.toString().substring(0, 10)
                                        : ", and its file has not changed for 30 days")
                                + ". Put it in force, or remove it.");
            }
        }
    }

    private void tests() {
        if (policy.tests().isEmpty()) {
            lint.find(anywhere(), "L15", "the policy has no tests: nothing holds it to what it is meant to say.");
            return;
        }
        context.run().ifPresent(run -> {
            for (Role role : Lint.roles(policy)) {
                if (holdings.isHeld(role.name())) {
                    missing(role, run);
                }
            }
        });
    }

    private void missing(Role role, TestRun run) {
        for (boolean can : new boolean[] {true, false}) {
            if (!run.tested(role.name(), can)) {
                lint.find(
                        role.place(),
                        "L15",
                        "role \"" + role.name() + "\" has no \"" + (can ? "can" : "cannot") + "\" test.");
            }
        }
    }

    private void anonymous() {
        for (Assignment row : policy.assignments()) {
            boolean anybody = row.to().stream()
                    .anyMatch(condition ->
                            condition.key().equals("auth") && condition.values().contains("anonymous"));
            if (!anybody) {
                continue;
            }
            Holdings.closure(row.roles(), policy).stream()
                    .map(name -> Objects.requireNonNull(policy.roles().get(name)))
                    .filter(role -> !role.shadow() && !role.publish().isEmpty())
                    .forEach(role -> lint.find(
                            row.place(),
                            "L16",
                            "whoever does not log in may publish: role \"" + role.name() + "\" allows \""
                                    + role.publish().get(0).topic() + "\"."));
        }
    }

    private void connections() {
        boolean limited = policy.everyone().stream().anyMatch(RoleLint::limitsConnections);
        if (limited) {
            return;
        }
        holdings.users().forEach((roles, user) -> {
            List<Role> held = roles.stream()
                    .map(name -> Objects.requireNonNull(policy.roles().get(name)))
                    .filter(role -> !role.shadow() && mayUsePassword(role.when()))
                    .toList();
            if (!held.isEmpty() && held.stream().noneMatch(RoleLint::limitsConnections)) {
                lint.find(
                        held.get(0).place(),
                        "L17",
                        "role \"" + held.get(0).name() + "\" is given to users with passwords (\"" + user
                                + "\" is one) and has no limits.connections: a stolen one may be used any number of times.");
            }
        });
    }

    private static boolean mayUsePassword(Collection<Condition> when) {
        return when.stream()
                .filter(condition -> condition.key().equals("auth"))
                .allMatch(condition -> condition.values().contains("password"));
    }

    private static boolean limitsConnections(Role role) {
        return role.limits().connections() < Limits.UNLIMITED;
    }

    /** The policy as a whole. */
    private Place anywhere() {
        return Stream.concat(
                        policy.roles().values().stream().map(Role::place),
                        policy.assignments().stream().map(Assignment::place))
                .map(place -> Place.whole(place.file()))
                .min(Place::compareTo)
                .orElse(Place.whole("policies"));
    }
}

package io.gatehouse.policy.language;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Explanation;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.model.Check;
import io.gatehouse.policy.model.Check.Action;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.PolicyTest;
import io.gatehouse.policy.model.Role;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Runs a policy's own tests, through the code that decides for real clients.
 *
 * @param problems one for each check that came out otherwise
 * @param exercised the rules that had a part in an answer
 * @param can the roles that somebody had who was asked what it can
 * @param cannot the roles that somebody had who was asked what it cannot
 */
public record TestRun(
        int tests,
        int checks,
        List<Problem> problems,
        Set<CoveredRule> exercised,
        Set<String> can,
        Set<String> cannot) {

    /** One rule of a policy, as the answers of its tests name it. */
    public record CoveredRule(String place, String role, boolean deny, boolean publish, String pattern) {
        /** {@code 20-factory.yaml:31 role "maintenance" publish plant/+/cmd/firmware/#}. */
        @Override
        public String toString() {
            return place + " " + (role.equals("everyone") ? role : "role \"" + role + "\"") + (deny ? " deny " : " ")
                    + (publish ? "publish " : "subscribe ") + pattern;
        }
    }

    /** By file, then by line as a number. */
    private static final Comparator<CoveredRule> BY_PLACE = Comparator.comparing(
                    (CoveredRule rule) -> rule.place().substring(0, rule.place().lastIndexOf(':')))
            .thenComparing(
                    rule -> Integer.parseInt(rule.place().substring(rule.place().lastIndexOf(':') + 1)))
            .thenComparing(CoveredRule::toString);

    /** Runs every test of a compiled policy. */
    public static TestRun of(PolicySet set, Clock clock) {
        Explanation.Asker asker = Authorizer.asker(set, clock);
        List<Problem> problems = new ArrayList<>();
        Set<CoveredRule> exercised = new LinkedHashSet<>();
        Set<String> can = new HashSet<>();
        Set<String> cannot = new HashSet<>();
        int checks = 0;
        for (PolicyTest test : set.policy().tests()) {
            Explanation.Bound bound = asker.as(
                    test.subject(),
                    Optional.ofNullable(test.clientId()).orElse("test"),
                    Optional.ofNullable(test.at()));
            Optional<Denied> refusal = bound.refusal();
            (test.can().isEmpty() ? new HashSet<String>() : can).addAll(bound.held());
            (test.cannot().isEmpty() ? new HashSet<String>() : cannot).addAll(bound.held());
            boolean expectsRefusal = test.cannot().stream().anyMatch(check -> check.action() == Action.CONNECT);
            if (refusal.isPresent() && !expectsRefusal) {
                checks += test.can().size() + test.cannot().size();
                problems.add(Problem.error(
                        test.place(),
                        "P151",
                        "test cannot log in: " + refusal.get().explanation() + "."));
                continue;
            }
            for (Check check : test.can()) {
                checks++;
                expect(test, check, ask(bound, check), true, problems, exercised);
            }
            for (Check check : test.cannot()) {
                checks++;
                expect(test, check, ask(bound, check), false, problems, exercised);
            }
        }
        return new TestRun(set.policy().tests().size(), checks, problems, exercised, can, cannot);
    }

    /** Whether a role has a test of what it can, or of what it cannot. */
    public boolean tested(String role, boolean what) {
        return (what ? can : cannot).contains(role);
    }

    /** A problem for every role in force that lacks one of both. */
    List<Problem> missing(Policy policy) {
        List<Problem> missing = new ArrayList<>();
        policy.roles().values().stream().filter(role -> !role.shadow()).forEach(role -> {
            for (boolean what : new boolean[] {true, false}) {
                if (!tested(role.name(), what)) {
                    missing.add(Problem.error(
                            role.place(),
                            "P152",
                            "role \"" + role.name() + "\" has no \"" + (what ? "can" : "cannot")
                                    + "\" test (policy.require_tests: role)."));
                }
            }
        });
        return missing;
    }

    /** Every rule in force, sorted by place. */
    public static List<CoveredRule> rules(Policy policy) {
        List<CoveredRule> rules = new ArrayList<>();
        Stream.concat(policy.roles().values().stream(), policy.everyone().stream())
                .filter(role -> !role.shadow())
                .forEach(role -> {
                    items(rules, role, role.publish(), true);
                    items(rules, role, role.subscribe(), false);
                    role.denyPublish().forEach(topic -> rules.add(rule(role, topic, true, true)));
                    role.denySubscribe().forEach(topic -> rules.add(rule(role, topic, true, false)));
                });
        return rules.stream().distinct().sorted(BY_PLACE).toList();
    }

    private static void items(List<CoveredRule> rules, Role role, List<Item> items, boolean publish) {
        items.stream()
                .filter(item -> !item.shadow())
                .forEach(item -> rules.add(rule(role, item.topic(), false, publish)));
    }

    private static CoveredRule rule(Role role, Pattern topic, boolean deny, boolean publish) {
        return new CoveredRule(topic.place().fileAndLine(), role.name(), deny, publish, topic.text());
    }

    private static void expect(
            PolicyTest test,
            Check check,
            Explanation answer,
            boolean expected,
            List<Problem> problems,
            Set<CoveredRule> exercised) {
        boolean publish = check.action() == Action.PUBLISH || check.action() == Action.WILL;
        answer.lines()
                .forEach(line -> exercised.add(
                        new CoveredRule(line.place(), line.role(), line.deny(), publish, line.pattern())));
        if (answer.allowed() == expected) {
            return;
        }
        String why = answer.lines().stream()
                .findFirst()
                .filter(line -> line.deny() == expected)
                .map(line ->
                        (line.deny() ? "denied" : "allowed") + " by role \"" + line.role() + "\" at " + line.place())
                .orElse(answer.detail());
        problems.add(Problem.error(
                check.place(),
                "P150",
                "test failed: " + test.as() + (expected ? " CANNOT " : " CAN ") + check.text() + " (expected "
                        + (expected ? "can" : "cannot") + "): " + why + "."));
    }

    /** Asks one check of somebody. */
    public static Explanation ask(Explanation.Bound bound, Check check) {
        return switch (check.action()) {
            case CONNECT -> bound.connect();
            case PUBLISH, WILL ->
                bound.publish(check.target(), check.qos(), check.retain(), (int) Math.min(check.sizeBytes(), 1 << 28));
            case SUBSCRIBE -> bound.subscribe(check.target(), check.qos());
            case RECEIVE -> bound.receive(check.target());
        };
    }

    /** Reads one check as a user types it. */
    public static Check parse(String text) {
        return TestReader.check(text, io.gatehouse.config.Place.start("command line"));
    }
}

package io.gatehouse.policy.language;

import io.gatehouse.config.Problem;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.Explanation;
import io.gatehouse.policy.PolicySet;
import io.gatehouse.policy.model.Check;
import io.gatehouse.policy.model.Check.Action;
import io.gatehouse.policy.model.PolicyTest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Runs a policy's own tests, through the code that decides for real clients.
 *
 * @param problems one for each check that came out otherwise
 * @param exercised the places of the rules that decided something
 */
public record TestRun(int tests, int checks, List<Problem> problems, Set<String> exercised) {

    /** Runs every test of a compiled policy. */
    public static TestRun of(PolicySet set, Clock clock) {
        Explanation.Asker asker = Authorizer.asker(set, clock);
        List<Problem> problems = new ArrayList<>();
        Set<String> exercised = new LinkedHashSet<>();
        int checks = 0;
        for (PolicyTest test : set.policy().tests()) {
            Explanation.Bound bound = asker.as(
                    test.subject(),
                    Optional.ofNullable(test.clientId()).orElse("test"),
                    Optional.ofNullable(test.at()));
            Optional<Denied> refusal = bound.refusal();
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
        return new TestRun(set.policy().tests().size(), checks, problems, exercised);
    }

    private static void expect(
            PolicyTest test,
            Check check,
            Explanation answer,
            boolean expected,
            List<Problem> problems,
            Set<String> exercised) {
        answer.lines().forEach(line -> exercised.add(line.place()));
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

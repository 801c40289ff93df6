package io.gatehouse.policy.lint;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.language.TestRun;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks a valid policy over for what its author may not have meant: L01 to L21. Confined to one thread.
 *
 * <p>A finding is advice. Three are mistakes under the hardened profile, because each of them is a right that somebody has
 * without anybody having said so: a client that names itself (L05), a deny that is left by leaving its condition (L10),
 * and rules that no test holds (L15). One always is: a name that several authorities may give (L21).
 */
public final class Lint {
    private static final Set<String> HARDENED_ERRORS = Set.of("L05", "L10", "L15");

    private final boolean hardened;
    private final List<Problem> findings = new ArrayList<>();

    private Lint(boolean hardened) {
        this.hardened = hardened;
    }

    /**
     * What is known besides the policy itself.
     *
     * @param run what its tests came to; empty: they were not run
     * @param changed when each file was last changed, by name as messages print it
     * @param authorities how many each listener takes client certificates of, by its name; empty: not known
     * @param shadows since when each shadow is there, by its words; of those that are not named here, their file's date counts
     */
    public record Context(
            Clock clock,
            Optional<TestRun> run,
            Map<String, Instant> changed,
            Map<String, Instant> shadows,
            Map<String, Integer> authorities) {
        public Context {
            authorities = Map.copyOf(authorities);
            changed = Map.copyOf(changed);
            shadows = Map.copyOf(shadows);
        }
    }

    /** All findings, sorted by place. */
    public static List<Problem> of(Policy policy, Context context, boolean hardened) {
        Lint lint = new Lint(hardened);
        Holdings holdings = Holdings.of(policy);
        new RuleLint(lint, policy).run();
        new DenyLint(lint, policy, holdings).run();
        new RoleLint(lint, policy, holdings, context).run();
        return lint.findings.stream().sorted().distinct().toList();
    }

    void find(Place place, String code, String message) {
        findings.add(
                code.equals("L21") || hardened && HARDENED_ERRORS.contains(code)
                        ? Problem.error(place, code, message)
                        : Problem.warning(place, code, message));
    }

    /** The roles in force, in the order of their names. */
    static List<Role> roles(Policy policy) {
        return policy.roles().values().stream()
                .filter(role -> !role.shadow())
                .sorted((a, b) -> a.name().compareTo(b.name()))
                .toList();
    }
}

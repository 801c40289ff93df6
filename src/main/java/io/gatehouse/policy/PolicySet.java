package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.ReasonCode;
import java.nio.IntBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A policy compiled: total, immutable, valid. Any thread.
 *
 * <p>Each role has a root in one trie; a subject is bound to the roots of its active roles once, and every decision walks
 * from all of them together. Order means nothing: allows are a union, denies are a union, and a deny wins. Nothing of the
 * policy as it was written is kept: a million rules are some arrays.
 */
public final class PolicySet {
    /** Classes are shared between sessions up to so many; a policy with more roles at once than that is slower only. */
    private static final int MAX_CLASSES = 10_000;

    private final Policy policy;
    private final Trie trie;
    private final List<CompiledRole> roles;
    private final List<CompiledRole> everyone;
    private final List<Variable> variables;
    private final Roster roster;
    private final List<TimeWindow> windows;
    private final String digest;
    private final Map<IntBuffer, RoleClass> classes = new ConcurrentHashMap<>();

    PolicySet(
            Policy policy,
            Trie trie,
            List<CompiledRole> roles,
            List<CompiledRole> everyone,
            List<Variable> variables,
            Roster roster,
            List<TimeWindow> windows) {
        this.policy = policy.withoutRoles();
        this.trie = trie;
        this.roles = List.copyOf(roles);
        this.everyone = List.copyOf(everyone);
        this.variables = List.copyOf(variables);
        this.roster = roster;
        this.windows = List.copyOf(windows);
        this.digest = policy.digest();
    }

    /** What compiling a policy gave: a set if there is no error among the problems. */
    public record Compilation(Optional<PolicySet> set, List<Problem> problems) {
        public Compilation {
            problems = List.copyOf(problems);
        }
    }

    /** Compiles a policy. The language has checked most of it already; what is wrong still is a problem with its place. */
    public static Compilation compile(Policy policy) {
        return compiler(policy).get();
    }

    /** Compiles a policy later, once, and lets go of its rules meanwhile. */
    public static Supplier<Compilation> compiler(Policy policy) {
        PolicyCompiler compiler = new PolicyCompiler(policy);
        return compiler::compile;
    }

    /** The set that allows nothing to nobody. */
    public static PolicySet empty() {
        return compile(Policy.EMPTY).set().orElseThrow();
    }

    /** The names of the variables every policy knows without declaring them. */
    public static Collection<String> builtInVariables() {
        return PolicyCompiler.BUILT_IN.keySet();
    }

    /** As it was written, without its rules and whom they are for. */
    public Policy policy() {
        return policy;
    }

    /** SHA-256 over the names and contents of its files, hex. */
    public String digest() {
        return digest;
    }

    public Policy.Defaults defaults() {
        return policy.defaults();
    }

    /** How many rules it has. */
    public int ruleCount() {
        return trie.rules.count();
    }

    Trie trie() {
        return trie;
    }

    /**
     * Binds a subject: which roles it has and which of them are active, what its variables are, and whether it may connect.
     *
     * <p>The same code binds real principals and the made-up ones of the policy's own tests.
     */
    Binding bind(Subject subject, String clientId, Instant now, long epoch) {
        Circumstances circumstances = new Circumstances(subject, clientId, now);
        Bound bound = new Bound();
        SortedMap<Integer, Truth> held = roster.of(circumstances);
        List<String> names = new ArrayList<>();
        while (!held.isEmpty()) {
            int number = held.firstKey();
            CompiledRole role = roles.get(number);
            names.add(role.name());
            // what a role includes is active with it: through every role that brings it, and its own condition
            Truth truth = held.getOrDefault(number, Truth.FALSE).and(role.when().test(circumstances));
            held.remove(number);
            Roster.give(held, role.includes(), truth);
            bound.add(role, number, truth);
        }
        for (int i = 0; i < everyone.size(); i++) {
            bound.add(everyone.get(i), roles.size() + i, Truth.TRUE);
        }
        @Nullable String[] values = new @Nullable String[variables.size()];
        Denied refusal = bound.names.isEmpty() ? noRole(subject, names) : null;
        for (int k = 0; k < values.length; k++) {
            if ((bound.used >>> k & 1) == 0) {
                continue;
            }
            VariableValue value = VariableValue.of(variables.get(k), subject, clientId);
            values[k] = value.value();
            boolean missing = value.value() == null
                    || (bound.first >>> k & 1) != 0 && value.value().startsWith("$");
            if (missing && (bound.needed >>> k & 1) != 0 && refusal == null) {
                refusal = Denials.noValue(variables.get(k), value);
            }
        }
        for (CompiledRole role : bound.binding) {
            if (refusal == null
                    && !role.clientIds().isEmpty()
                    && role.clientIds().stream().noneMatch(pattern -> pattern.matches(clientId, values))) {
                refusal = Denials.clientId(role, clientId);
            }
        }
        TokenScope scope = TokenScope.of(subject, policy.defaults(), now, epoch);
        refusal = refusal == null ? scope.refusal() : refusal;
        return new Binding(
                this,
                epoch,
                bound.roleClass(),
                values,
                List.copyOf(bound.names),
                List.copyOf(names),
                bound.limits,
                refusal,
                scope.rights());
    }

    /** The value a subject has for a variable; null where it is absent. */
    @Nullable
    String value(Binding binding, String variable) {
        for (int k = 0; k < variables.size(); k++) {
            if (variables.get(k).name().equals(variable)) {
                return binding.values()[k];
            }
        }
        return null;
    }

    /** What the active roles of one subject come to. */
    private final class Bound {
        private final List<Integer> entries = new ArrayList<>();
        private final List<String> names = new ArrayList<>();
        /** The roles whose client ids bind: those that are active, and those that may be. */
        private final List<CompiledRole> binding = new ArrayList<>();

        private Limits limits = Limits.NONE;
        private int used;
        private int needed;
        private int first;
        private boolean hasShadow;

        void add(CompiledRole role, int root, Truth truth) {
            if (truth == Truth.FALSE) {
                return;
            }
            int entry = trie.roots[root];
            entries.add(truth == Truth.TRUE ? entry : entry | Trie.DENY_ONLY);
            used |= role.variables();
            hasShadow |= role.hasShadow();
            if (role.shadow()) {
                return;
            }
            limits = limits.and(role.limits());
            binding.add(role);
            if (truth == Truth.TRUE && root < roles.size()) {
                names.add(role.name());
                needed |= role.needed();
                first |= role.first();
            }
        }

        RoleClass roleClass() {
            int[] roots = entries.stream().mapToInt(Integer::intValue).toArray();
            RoleClass made = new RoleClass(roots, used != 0, hasShadow);
            if (classes.size() >= MAX_CLASSES) {
                return classes.getOrDefault(IntBuffer.wrap(roots), made);
            }
            RoleClass known = classes.putIfAbsent(IntBuffer.wrap(roots), made);
            return known == null ? made : known;
        }
    }

    private static Denied noRole(Subject subject, List<String> held) {
        return new Denied(
                ReasonCode.NOT_AUTHORIZED,
                Denials.NO_RULE,
                held.isEmpty()
                        ? Denials.quoted(subject.user()) + " has no role"
                        : "none of the roles " + held + " is active here and now");
    }

    /** The next moment after this one at which a time window opens or closes; empty if none ever will. */
    Optional<Instant> nextBoundary(Instant after) {
        return windows.stream()
                .map(window -> window.nextChange(after))
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }
}

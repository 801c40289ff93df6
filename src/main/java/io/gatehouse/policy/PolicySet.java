package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import io.gatehouse.protocol.ReasonCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A policy compiled: total, immutable, valid. Any thread.
 *
 * <p>Each role has a root in one trie; a subject is bound to the roots of its active roles once, and every decision walks
 * from all of them together. Order means nothing: allows are a union, denies are a union, and a deny wins.
 */
public final class PolicySet {
    /** A topic that more rules than this match in parallel costs too much (POLICY: error P140). */
    static final int MAX_FRONTIER = 256;

    /** Variables every policy knows without declaring them; they keep any usable text. */
    private static final Map<String, String> BUILT_IN = Map.of("user", "user", "client", "client", "cn", "cert.cn");

    private final Policy policy;
    private final Trie trie;
    private final List<Variable> variables;
    private final Map<String, Integer> roots;
    private final int[] everyoneRoots;
    private final Map<String, Set<Integer>> usedVariables;

    private PolicySet(
            Policy policy,
            Trie trie,
            List<Variable> variables,
            Map<String, Integer> roots,
            int[] everyoneRoots,
            Map<String, Set<Integer>> usedVariables) {
        this.policy = policy;
        this.trie = trie;
        this.variables = variables;
        this.roots = roots;
        this.everyoneRoots = everyoneRoots;
        this.usedVariables = usedVariables;
    }

    /** What compiling a policy gave: a set if there is no error among the problems. */
    public record Compilation(Optional<PolicySet> set, List<Problem> problems) {}

    /** The set that allows nothing to nobody. */
    public static PolicySet empty() {
        return compile(Policy.EMPTY).set().orElseThrow();
    }

    /** The names of the variables every policy knows without declaring them. */
    public static Collection<String> builtInVariables() {
        return new TreeSet<>(BUILT_IN.keySet());
    }

    /** Compiles a policy whose references are all resolved: every role, group and variable it names exists. */
    public static Compilation compile(Policy policy) {
        List<Problem> problems = new ArrayList<>();
        Map<String, Integer> numbers = new LinkedHashMap<>();
        List<Variable> variables = new ArrayList<>();
        for (String name : builtInVariables()) {
            numbers.put(name, variables.size());
            String from = Objects.requireNonNull(BUILT_IN.get(name));
            variables.add(new Variable(
                    name, from, "", "", "", 256, false, null, io.gatehouse.config.Place.start("built in")));
        }
        for (Variable variable : policy.variables().values()) {
            if (variables.size() == 32) {
                problems.add(Problem.error(
                        variable.place(), "P141", "more than " + (32 - BUILT_IN.size()) + " variables are declared"));
                break;
            }
            if (numbers.putIfAbsent(variable.name(), variables.size()) == null) {
                variables.add(variable);
            }
        }
        TrieBuilder builder = new TrieBuilder(numbers);
        Map<String, Integer> roots = new LinkedHashMap<>();
        Map<String, Set<Integer>> used = new LinkedHashMap<>();
        for (Role role : policy.roles().values()) {
            int root = builder.root();
            roots.put(role.name(), root);
            if (!role.shadow()) {
                add(builder, root, role);
            }
            used.put(role.name(), usedVariables(role, numbers));
        }
        int[] everyone = new int[policy.everyone().size()];
        for (int i = 0; i < everyone.length; i++) {
            everyone[i] = builder.root();
            add(builder, everyone[i], policy.everyone().get(i));
        }
        Trie trie = builder.build();
        for (Role role : policy.roles().values()) {
            Frontier.Width width = Frontier.widest(trie, Objects.requireNonNull(roots.get(role.name())));
            if (width.matches() > MAX_FRONTIER) {
                problems.add(Problem.error(
                        role.place(),
                        "P140",
                        "role \"" + role.name() + "\" needs " + width.matches()
                                + " parallel matches for one topic (limit " + MAX_FRONTIER
                                + "): too many \"+\"/literal combinations. First: " + width.first()));
            }
        }
        PolicySet set = new PolicySet(policy, trie, List.copyOf(variables), roots, everyone, used);
        boolean failed = problems.stream().anyMatch(Problem::isError);
        return new Compilation(failed ? Optional.empty() : Optional.of(set), problems);
    }

    private static void add(TrieBuilder builder, int root, Role role) {
        for (Item item : role.publish()) {
            if (!item.shadow()) {
                int allowed = Bits.publishUpTo(item.maxQos(), item.retain());
                boolean capped = item.maxPayloadBytes() < Limits.UNLIMITED;
                // the bits of a capped item are looked up behind its CAPPED bit, so that they never allow alone
                builder.add(root, new Rule(role, item.topic(), item, true, capped ? Bits.CAPPED : allowed));
            }
        }
        for (Item item : role.subscribe()) {
            if (!item.shadow()) {
                int shared = item.shared().isEmpty() ? 0 : Bits.SHARED;
                builder.add(
                        root, new Rule(role, item.topic(), item, false, Bits.subscribeUpTo(item.maxQos()) | shared));
            }
        }
        for (Pattern pattern : role.denyPublish()) {
            builder.add(root, new Rule(role, pattern, null, true, Bits.DENY_PUBLISH));
        }
        for (Pattern pattern : role.denySubscribe()) {
            builder.add(root, new Rule(role, pattern, null, false, Bits.DENY_SUBSCRIBE));
        }
    }

    private static Set<Integer> usedVariables(Role role, Map<String, Integer> numbers) {
        Set<Integer> used = new TreeSet<>();
        List<Pattern> patterns = new ArrayList<>();
        role.publish().forEach(item -> patterns.add(item.topic()));
        role.subscribe().forEach(item -> patterns.add(item.topic()));
        patterns.addAll(role.denyPublish());
        patterns.addAll(role.denySubscribe());
        for (Pattern pattern : patterns) {
            for (Level level : pattern.levels()) {
                if (level instanceof Level.Variable variable) {
                    used.add(Objects.requireNonNull(numbers.get(variable.name())));
                }
            }
        }
        for (String clientId : role.clientIds()) {
            ClientIdPattern.variables(clientId).forEach(name -> used.add(Objects.requireNonNull(numbers.get(name))));
        }
        return used;
    }

    public Policy policy() {
        return policy;
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
        Set<String> held = new LinkedHashSet<>();
        if (!subject.user().isEmpty()) {
            held.addAll(policy.users().getOrDefault(subject.user(), List.of()));
        }
        for (Assignment assignment : policy.assignments()) {
            // an unknown condition gives no role
            if (Conditions.all(assignment.to(), subject, clientId, policy.groups(), now) == Conditions.Truth.TRUE) {
                held.addAll(assignment.roles());
            }
        }
        // a role is as active as the most active way to it: its own condition, and that of what includes it
        Map<String, Conditions.Truth> closed = new TreeMap<>();
        held.forEach(name -> activate(name, Conditions.Truth.TRUE, subject, clientId, now, closed));

        List<Role> active = new ArrayList<>();
        List<Integer> entries = new ArrayList<>();
        Limits limits = Limits.NONE;
        Set<Integer> needed = new TreeSet<>();
        for (Map.Entry<String, Conditions.Truth> entry : closed.entrySet()) {
            Role role = Objects.requireNonNull(policy.roles().get(entry.getKey()));
            int root = Objects.requireNonNull(roots.get(entry.getKey()));
            if (role.shadow()) {
                continue;
            }
            switch (entry.getValue()) {
                case TRUE -> {
                    active.add(role);
                    entries.add(root);
                    limits = limits.and(role.limits());
                    needed.addAll(usedVariables.getOrDefault(entry.getKey(), Set.of()));
                }
                case UNKNOWN -> {
                    entries.add(root | Trie.DENY_ONLY);
                    limits = limits.and(role.limits());
                }
                default -> {
                    // not its time or place
                }
            }
        }
        for (int root : everyoneRoots) {
            entries.add(root);
        }
        for (Role everyone : policy.everyone()) {
            limits = limits.and(everyone.limits());
        }
        @Nullable String[] values = new @Nullable String[variables.size()];
        Denied refusal = active.isEmpty()
                ? new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        "no rule allows it",
                        closed.isEmpty()
                                ? "\"" + subject.user() + "\" has no role"
                                : "none of the roles " + closed.keySet() + " is active here and now")
                : null;
        for (int k = 0; k < values.length; k++) {
            VariableValue value = VariableValue.of(variables.get(k), subject, clientId);
            values[k] = value.value();
            if (value.value() == null && needed.contains(k) && refusal == null) {
                String name = variables.get(k).name();
                refusal = new Denied(
                        ReasonCode.NOT_AUTHORIZED,
                        "no rule allows it",
                        "variable <" + name + "> has no value: " + value.why());
            }
        }
        for (Role role : active) {
            if (refusal == null && !ClientIdPattern.matchesAny(role.clientIds(), clientId, this::number, values)) {
                refusal = new Denied(
                        ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
                        role.place().fileAndLine(),
                        "client id \"" + clientId + "\" is not one that role \"" + role.name() + "\" allows: "
                                + role.clientIds());
            }
        }
        return new Binding(
                this, epoch, entries.stream().mapToInt(Integer::intValue).toArray(), values, active, limits, refusal);
    }

    private void activate(
            String name,
            Conditions.Truth includer,
            Subject subject,
            String clientId,
            Instant now,
            Map<String, Conditions.Truth> into) {
        Role role = policy.roles().get(name);
        if (role == null) {
            return;
        }
        Conditions.Truth truth = includer.and(Conditions.all(role.when(), subject, clientId, policy.groups(), now));
        Conditions.Truth known = into.get(name);
        if (known != null && known.compareTo(truth) >= 0) {
            return; // no way that is better, and so no circle
        }
        into.put(name, truth);
        role.include().forEach(included -> activate(included, truth, subject, clientId, now, into));
    }

    /** The value a binding has for a variable; null where it is absent. */
    @Nullable
    String value(Binding binding, String variable) {
        return binding.values[number(variable)];
    }

    private int number(String variable) {
        for (int k = 0; k < variables.size(); k++) {
            if (variables.get(k).name().equals(variable)) {
                return k;
            }
        }
        throw new IllegalStateException("variable <" + variable + "> is not defined");
    }

    /** Which time windows are open: two moments with equal answers bind everybody alike. */
    String openWindows(Instant now) {
        return timeConditions()
                .flatMap(condition -> condition.values().stream())
                .map(TimeWindow::parse)
                .flatMap(Optional::stream)
                .map(window -> window.isOpenAt(now) ? "1" : "0")
                .collect(Collectors.joining());
    }

    private java.util.stream.Stream<Condition> timeConditions() {
        return java.util.stream.Stream.concat(
                        policy.roles().values().stream().flatMap(role -> role.when().stream()),
                        policy.assignments().stream().flatMap(row -> row.to().stream()))
                .filter(condition -> condition.key().equals("time"));
    }
}

package io.gatehouse.policy;

import io.gatehouse.config.Place;
import io.gatehouse.config.Problem;
import io.gatehouse.policy.model.Assignment;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import io.gatehouse.policy.model.Variable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Compiles one policy. Confined to the thread that loads it.
 *
 * <p>Roles are numbered so that a role comes before all it includes: binding somebody is one pass in that order.
 */
final class PolicyCompiler {
    /** A topic that more rules than this match in parallel costs too much (error P140). */
    static final int MAX_FRONTIER = 256;

    private static final int MAX_VALUE_BYTES = 256;

    /** No topic is longer, so no rule needs to be; a level's length fits into a char. */
    private static final int MAX_PATTERN_CHARS = 65_535;

    /** Searches go as deep as the patterns do, on the stack. */
    private static final int MAX_LEVELS = 256;

    /** Variables every policy knows without declaring them, with their source; they keep any usable text. */
    static final SortedMap<String, String> BUILT_IN = Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("user", "user", "client", "client", "cn", "cert.cn")));

    /** Roles keep their rules in here only, and only until they are compiled. */
    private final Map<String, Role> written;

    private final Policy policy;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, Integer> variableNumbers = new LinkedHashMap<>();
    private final List<Variable> variables = new ArrayList<>();
    private final Map<String, Integer> roleNumbers = new LinkedHashMap<>();
    private final Map<String, Set<String>> groups = new HashMap<>();
    private final Map<List<String>, int[]> sameRoles = new HashMap<>();

    PolicyCompiler(Policy policy) {
        this.written = new HashMap<>(policy.roles());
        this.policy = policy.withoutRules();
    }

    PolicySet.Compilation compile() {
        number();
        if (!problems.isEmpty()) {
            return new PolicySet.Compilation(Optional.empty(), problems);
        }
        policy.groups().forEach((group, members) -> groups.put(group, Set.copyOf(new HashSet<>(members))));
        List<String> rootNames = new ArrayList<>(roleNumbers.keySet());
        policy.everyone().forEach(role -> rootNames.add("everyone"));
        TrieBuilder builder = new TrieBuilder(variableNumbers, rootNames);
        List<CompiledRole> roles = new ArrayList<>();
        for (String name : roleNumbers.keySet()) {
            roles.add(compile(Objects.requireNonNull(written.remove(name)), roles.size(), builder));
        }
        List<CompiledRole> everyone = new ArrayList<>();
        for (Role role : policy.everyone()) {
            everyone.add(compile(role, roles.size() + everyone.size(), builder));
        }
        Roster roster = roster();
        if (!problems.isEmpty()) {
            return new PolicySet.Compilation(Optional.empty(), problems);
        }
        Trie trie = builder.build();
        judgeWidth(trie);
        if (!problems.isEmpty()) {
            return new PolicySet.Compilation(Optional.empty(), problems);
        }
        List<TimeWindow> windows = Stream.concat(
                        Stream.concat(roles.stream(), everyone.stream()).map(CompiledRole::when),
                        roster.assignments().stream().map(Roster.Assigned::to))
                .flatMap(Conditions::windows)
                .toList();
        PolicySet set = new PolicySet(policy, trie, roles, everyone, variables, roster, windows);
        return new PolicySet.Compilation(Optional.of(set), problems);
    }

    private void number() {
        BUILT_IN.forEach((name, from) ->
                declare(new Variable(name, from, "", "", "", MAX_VALUE_BYTES, false, null, Place.start("built in"))));
        policy.variables().values().stream()
                .sorted((a, b) -> a.name().compareTo(b.name()))
                .forEach(this::declare);
        Set<String> open = new HashSet<>();
        List<String> finished = new ArrayList<>();
        policy.roles().keySet().stream().sorted().forEach(name -> visit(name, open, finished));
        Collections.reverse(finished);
        finished.forEach(name -> roleNumbers.put(name, roleNumbers.size()));
    }

    private void declare(Variable variable) {
        if (variables.size() == Trie.MAX_VARIABLES) {
            problems.add(Problem.error(
                    variable.place(),
                    "P141",
                    "more than " + (Trie.MAX_VARIABLES - BUILT_IN.size()) + " variables are declared"));
        } else if (variableNumbers.putIfAbsent(variable.name(), variables.size()) == null) {
            variables.add(variable);
        }
    }

    /** Depth first: a role is finished after all it includes. */
    private void visit(String name, Set<String> open, List<String> finished) {
        Role role = Objects.requireNonNull(policy.roles().get(name));
        if (!open.add(name)) {
            return;
        }
        for (String included : role.include()) {
            if (!policy.roles().containsKey(included)) {
                problems.add(undefined(included, role.place()));
            } else if (open.contains(included) && !finished.contains(included)) {
                problems.add(Problem.error(
                        role.place(),
                        "P122",
                        "roles include each other in a circle: " + included + " and " + name + "."));
            } else {
                visit(included, open, finished);
            }
        }
        finished.add(name);
    }

    private static Problem undefined(String role, Place place) {
        return Problem.error(place, "P120", "role \"" + role + "\" is not defined.");
    }

    private CompiledRole compile(Role role, int root, TrieBuilder builder) {
        Uses uses = new Uses();
        boolean hasShadow = role.shadow();
        for (Item item : role.publish()) {
            boolean shadow = role.shadow() || item.shadow();
            hasShadow |= shadow;
            int bits = Bits.publishUpTo(item.maxQos(), item.retain());
            uses.add(item.topic(), shadow);
            add(builder, root, item, shadow ? Bits.shadow(bits) : bits);
        }
        for (Item item : role.subscribe()) {
            boolean shadow = role.shadow() || item.shadow();
            hasShadow |= shadow;
            int bits = Bits.subscribeUpTo(item.maxQos()) | (item.shared().isEmpty() ? 0 : Bits.SHARED);
            uses.add(item.topic(), shadow);
            add(builder, root, item, shadow ? Bits.shadow(bits) : bits);
        }
        denies(role, role.denyPublish(), root, Bits.DENY_PUBLISH, uses, builder);
        denies(role, role.denySubscribe(), root, Bits.DENY_SUBSCRIBE, uses, builder);
        List<ClientIdPattern> clientIds = new ArrayList<>();
        for (String text : role.clientIds()) {
            ClientIdPattern pattern = ClientIdPattern.of(text, name -> variable(name, role.place()));
            clientIds.add(pattern);
            uses.add(pattern.variableBits(), role.shadow());
        }
        return new CompiledRole(
                role.name(),
                role.place(),
                numbers(policy.broughtBy(role), role.place()),
                List.copyOf(clientIds),
                role.limits(),
                Conditions.of(role.when(), groups),
                role.shadow(),
                uses.all,
                uses.needed,
                uses.first,
                hasShadow);
    }

    /** The variables of a role, as bits: a shadow may use one that a login has no value for, and refuses nobody. */
    private final class Uses {
        private int all;
        private int needed;
        private int first;

        void add(Pattern pattern, boolean shadow) {
            int bits = use(pattern);
            add(bits, shadow);
            boolean leads = bits != 0 && pattern.levels().get(0) instanceof Level.Variable;
            if (leads && !shadow) {
                first |= 1 << variable(((Level.Variable) pattern.levels().get(0)).name(), pattern.place());
            }
        }

        void add(int bits, boolean shadow) {
            all |= bits;
            needed |= shadow ? 0 : bits;
        }
    }

    private void add(TrieBuilder builder, int root, Item item, int bits) {
        if (problems.isEmpty()) {
            builder.add(root, item.topic(), bits, item.maxPayloadBytes(), item.shared());
        }
    }

    private void denies(Role role, List<Pattern> patterns, int root, int bit, Uses uses, TrieBuilder builder) {
        for (Pattern pattern : patterns) {
            uses.add(pattern, role.shadow());
            if (problems.isEmpty()) {
                builder.add(root, pattern, role.shadow() ? Bits.shadow(bit) : bit);
            }
        }
    }

    /** The variables of a pattern, as bits. */
    private int use(Pattern pattern) {
        int used = 0;
        int chars = pattern.levels().size() - 1;
        for (Level level : pattern.levels()) {
            chars += level.toString().length();
        }
        if (chars > MAX_PATTERN_CHARS) {
            problems.add(Problem.error(pattern.place(), "P116", "topic pattern is longer than 65535 bytes."));
        }
        if (pattern.levels().size() > MAX_LEVELS) {
            problems.add(
                    Problem.error(pattern.place(), "P116", "topic pattern has more than " + MAX_LEVELS + " levels."));
        }
        for (Level level : pattern.levels()) {
            if (level instanceof Level.Variable variable) {
                used |= 1 << variable(variable.name(), pattern.place());
            }
        }
        return used;
    }

    private int variable(String name, Place place) {
        Integer number = variableNumbers.get(name);
        if (number == null) {
            problems.add(Problem.error(place, "P112", "unknown variable <" + name + ">."));
            return 0;
        }
        return number;
    }

    private Roster roster() {
        Map<String, int[]> users = new HashMap<>(policy.users().size() * 2);
        policy.users().forEach((user, names) -> users.put(user, numbers(names, Place.start("users"))));
        List<Roster.Assigned> rows = new ArrayList<>();
        for (Assignment row : policy.assignments()) {
            rows.add(new Roster.Assigned(
                    Conditions.of(row.to(), groups), numbers(row.roles(), row.place()), row.isForAnonymous()));
        }
        return new Roster(Map.copyOf(users), List.copyOf(rows));
    }

    /** A hundred thousand users have few different lists of roles: each is one array. */
    private int[] numbers(Collection<String> names, Place place) {
        int[] known = sameRoles.get(List.copyOf(names));
        if (known != null) {
            return known;
        }
        for (String name : names) {
            if (!roleNumbers.containsKey(name)) {
                problems.add(undefined(name, place));
            }
        }
        int[] numbers = names.stream()
                .mapToInt(name -> roleNumbers.getOrDefault(name, 0))
                .toArray();
        sameRoles.put(List.copyOf(names), numbers);
        return numbers;
    }

    private void judgeWidth(Trie trie) {
        List<String> names = List.copyOf(roleNumbers.keySet());
        Frontier.widerThan(trie, MAX_FRONTIER).forEach((root, width) -> {
            boolean named = root < names.size();
            Role role = named
                    ? Objects.requireNonNull(policy.roles().get(names.get(root)))
                    : policy.everyone().get(root - names.size());
            problems.add(Problem.error(
                    role.place(),
                    "P140",
                    (named ? "role \"" + role.name() + "\"" : "everyone") + " needs " + width.matches()
                            + " parallel matches for one topic (limit " + MAX_FRONTIER
                            + "): too many \"+\"/literal combinations. First: " + width.first()));
        });
        Collections.sort(problems);
    }
}

package io.gatehouse.policy.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * All files of a policy folder, merged. Order means nothing anywhere in it.
 *
 * @param variables by name
 * @param roles by name
 * @param groups user names by group
 * @param users role names by user
 * @param everyone denies and limits for all; a role without allows
 * @param files names with their SHA-256 in hex, sorted by name
 */
public record Policy(
        Defaults defaults,
        Map<String, Variable> variables,
        Map<String, Role> roles,
        Map<String, List<String>> groups,
        Map<String, List<String>> users,
        List<Assignment> assignments,
        List<Role> everyone,
        List<PolicyTest> tests,
        Map<String, String> files) {

    /**
     * What holds where an item or role says nothing.
     *
     * @param filterWideSubscriptions grant a SUBSCRIBE wider than allowed and filter on delivery, instead of refusing it
     * @param rejectHoles refuse a SUBSCRIBE that a deny makes holes in, instead of filtering on delivery
     * @param checkResponseTopics refuse a PUBLISH whose response topic its sender may not subscribe to
     */
    public record Defaults(boolean filterWideSubscriptions, boolean rejectHoles, boolean checkResponseTopics) {
        public static final Defaults STRICT = new Defaults(false, false, true);
    }

    public Policy {
        variables = Map.copyOf(variables);
        roles = Map.copyOf(roles);
        groups = Map.copyOf(groups);
        users = Map.copyOf(users);
        assignments = List.copyOf(assignments);
        everyone = List.copyOf(everyone);
        tests = List.copyOf(tests);
        files = Map.copyOf(files);
    }

    /** SHA-256 over the names of its files and theirs, hex: equal for equal files, in whatever order they were read. */
    public String digest() {
        byte[] all = new TreeMap<>(files).toString().getBytes(StandardCharsets.UTF_8);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(all));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** What comes with a role: with one that is a shadow, nothing that is in force. */
    public List<String> broughtBy(Role role) {
        return role.shadow()
                ? role.include().stream()
                        .filter(name ->
                                roles.containsKey(name) && roles.get(name).shadow())
                        .toList()
                : role.include();
    }

    /** The policy as it would be with its shadow statements in force. */
    public Policy withShadows() {
        Map<String, Role> promoted = new HashMap<>();
        roles.forEach((name, role) -> promoted.put(name, role.withShadows()));
        return new Policy(
                defaults,
                variables,
                promoted,
                groups,
                users,
                assignments,
                everyone.stream().map(Role::withShadows).toList(),
                tests,
                files);
    }

    /** The same, of roles without the rules in force: what is left to say of it when they are compiled. */
    public Policy withoutRules() {
        Map<String, Role> bare = new HashMap<>();
        roles.forEach((name, role) -> bare.put(name, role.withoutRules()));
        return new Policy(defaults, variables, bare, groups, users, assignments, everyone, tests, files);
    }

    /** Its defaults and tests, and which files it was. */
    public Policy withoutRoles() {
        return new Policy(defaults, Map.of(), Map.of(), Map.of(), Map.of(), List.of(), List.of(), tests, files);
    }

    /** How many rules it has. */
    public int ruleCount() {
        return Stream.concat(roles.values().stream(), everyone.stream())
                .mapToInt(Role::ruleCount)
                .sum();
    }

    /** The policy that allows nothing to nobody. */
    public static final Policy EMPTY = new Policy(
            Defaults.STRICT, Map.of(), Map.of(), Map.of(), Map.of(), List.of(), List.of(), List.of(), Map.of());
}

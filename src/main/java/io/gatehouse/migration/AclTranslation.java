package io.gatehouse.migration;

import io.gatehouse.json.Json;
import io.gatehouse.migration.MosquittoAcl.Access;
import io.gatehouse.migration.MosquittoAcl.Rule;
import io.gatehouse.migration.MosquittoEvaluation.Answer;
import io.gatehouse.migration.Note.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * An {@code acl_file} as a policy: its text, the rules that were carried, and what its reader has to know. Confined to one
 * import.
 *
 * <p>A grant that cannot be written in our language is left out, which only makes the policy narrower, and noted; a deny that
 * cannot be is a fault, because leaving it out would make the policy wider.
 */
final class AclTranslation {
    private static final String PATTERN_ROLE = "pattern-all";
    private static final String CONNECTED_ROLE = "connected";
    private static final String ANONYMOUS_ROLE = "anonymous";

    private final String file;
    private final MosquittoAcl acl;
    private final AclScope scope;
    private final List<Note> notes = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();

    AclTranslation(String file, MosquittoAcl acl, AclScope scope) {
        this.file = file;
        this.acl = acl;
        this.scope = scope;
    }

    /**
     * A policy and what it leaves of the access list.
     *
     * @param carried the access list without the grants that were left out
     */
    record Result(String policy, MosquittoAcl carried, List<Note> notes) {}

    /** What the configuration says for all clients: retained messages, the most QoS. */
    record Defaults(boolean retain, int maxQos) {
        static final Defaults NONE = new Defaults(true, 2);

        /** As lines of the section of that name; empty: nothing is otherwise than here. */
        String lines() {
            return (retain ? "" : "  retain: false\n") + (maxQos == 2 ? "" : "  max_qos: " + maxQos + "\n");
        }
    }

    Result translate(Defaults defaults) throws NotImportable {
        MosquittoAcl carried = new MosquittoAcl(
                carried(acl.anonymous(), false),
                acl.users().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey,
                                user -> carried(user.getValue(), false),
                                (a, b) -> a,
                                LinkedHashMap::new)),
                carried(acl.patterns(), true));
        if (!faults.isEmpty()) {
            throw new NotImportable(faults);
        }
        announce(carried);
        return new Result(text(carried, defaults), carried, notes);
    }

    // what can be carried

    private List<Rule> carried(Collection<Rule> rules, boolean pattern) {
        List<Rule> kept = new ArrayList<>();
        for (Rule rule : rules) {
            String why = obstacle(rule, pattern);
            if (why == null) {
                kept.add(rule);
            } else if (rule.denies()) {
                faults.add(file + ":" + rule.line() + ": a deny that cannot be carried: " + why
                        + ". Rewrite the line, or leave it out and write the policy by hand");
            } else {
                notes.add(new Note("I07", Kind.TO_DO, file + ":" + rule.line(), "not carried: " + why));
            }
        }
        return List.copyOf(kept);
    }

    private static @org.jspecify.annotations.Nullable String obstacle(Rule rule, boolean pattern) {
        for (String level : rule.levels()) {
            if (level.contains("<") || level.contains(">")) {
                return "\"" + MosquittoAcl.printable(level)
                        + "\" has an angle bracket, which stands for a variable here";
            }
            boolean whole = level.equals("%u") || level.equals("%c");
            if (pattern && !whole && (level.contains("%u") || level.contains("%c"))) {
                return "\"" + MosquittoAcl.printable(level)
                        + "\": %u and %c are whole levels only (as in Mosquitto 2.1)."
                        + " Where a name has a fixed part, declare a variable with prefix: or suffix:";
            }
            if (!pattern && (level.contains("%u") || level.contains("%c"))) {
                return "\"" + MosquittoAcl.printable(level)
                        + "\" in a topic line is text, not a variable; write pattern";
            }
        }
        if (rule.filter().startsWith("$share/")) {
            return "a shared subscription is judged by its filter here; write the filter, and shared: [GROUP]";
        }
        return null;
    }

    // what differs

    private void announce(MosquittoAcl carried) {
        notes.add(new Note(
                "I02",
                Kind.DIFFERENT,
                file,
                "Mosquitto grants every SUBSCRIBE and filters what it delivers; the policy says wide_subscriptions: filter to"
                        + " do the same. Take the line away once clients subscribe to what they may read: then the SUBACK"
                        + " tells them the truth"));
        notes.add(new Note(
                "I03",
                Kind.DIFFERENT,
                file,
                "shared subscriptions need the name of their group: write {topic: FILTER, shared: [GROUP]} where clients use"
                        + " $share"));
        if (carried.rules().stream()
                .anyMatch(rule ->
                        rule.filter().startsWith("$SYS") && rule.access().writes())) {
            notes.add(new Note("I04", Kind.DIFFERENT, file, "nobody but the broker publishes below $SYS"));
        }
        if (!carried.anonymous().isEmpty()) {
            notes.add(new Note(
                    "I06",
                    Kind.TO_DO,
                    file + ":" + carried.anonymous().get(0).line(),
                    "lines before the first user are those of clients without a name: they are the role \"anonymous\", which"
                            + " nobody has. To let them in, write login: none at a listener and assign the role to {auth:"
                            + " anonymous}"));
        }
        if (usesClient(carried)) {
            notes.add(new Note(
                    "I05",
                    Kind.DIFFERENT,
                    file,
                    "%c is what the client calls itself. It became <client>; to make it mean something, bind it with"
                            + " client_id: in the role"));
        }
        if (!carried.patterns().isEmpty()) {
            notes.add(
                    new Note(
                            "I08",
                            Kind.DIFFERENT,
                            file,
                            "a user name or client id that cannot be one level of a topic (one with + # or /, or more than 64 bytes)"
                                    + " is refused at CONNECT where a pattern uses it; Mosquitto lets it in and matches nothing"));
        }
        if (!carried.patterns().isEmpty()) {
            notes.add(new Note(
                    "I09",
                    Kind.DIFFERENT,
                    file,
                    "Mosquitto gives a name with + or # nothing of any pattern; here it gets what everybody gets of the"
                            + " patterns that do not use the name, and is refused where one does"));
        }
        masked(carried);
    }

    private static boolean usesClient(MosquittoAcl acl) {
        return acl.patterns().stream().anyMatch(rule -> rule.levels().contains("%c"));
    }

    /** I01: what a user's own line allows and a pattern denies: Mosquitto never looks at the pattern then. */
    private void masked(MosquittoAcl carried) {
        for (Rule deny : carried.patterns()) {
            if (!deny.denies()) {
                continue;
            }
            carried.users().forEach((user, rules) -> {
                for (Rule grant : rules) {
                    if (!grant.denies()) {
                        common(grant.filter(), personal(deny.filter(), user, "client"))
                                .ifPresent(topic -> notes.add(new Note(
                                        "I01",
                                        Kind.DIFFERENT,
                                        file + ":" + deny.line(),
                                        "Mosquitto allows user \"" + MosquittoAcl.printable(user) + "\" what line "
                                                + grant.line()
                                                + " grants before it looks at this deny; here a deny always"
                                                + " wins. Example: " + MosquittoAcl.printable(topic))));
                    }
                }
            });
        }
    }

    private static String personal(String filter, String user, String client) {
        return List.of(filter.split("/", -1)).stream()
                .map(level -> level.equals("%u") ? user : level.equals("%c") ? client : level)
                .collect(Collectors.joining("/"));
    }

    /** A topic that both filters match, if there is one. */
    static java.util.Optional<String> common(String one, String other) {
        String[] a = one.split("/", -1);
        String[] b = other.split("/", -1);
        List<String> topic = new ArrayList<>();
        for (int i = 0; ; i++) {
            String left = i < a.length ? a[i] : null;
            String right = i < b.length ? b[i] : null;
            if (left == null && right == null) {
                break;
            }
            if ("#".equals(left) || "#".equals(right)) {
                String[] rest = "#".equals(left) ? b : a;
                for (int j = i; j < rest.length && !rest[j].equals("#"); j++) {
                    topic.add(rest[j].equals("+") ? "x" : rest[j]);
                }
                break;
            }
            if (left == null || right == null) {
                return java.util.Optional.empty();
            }
            if (!left.equals("+") && !right.equals("+") && !left.equals(right)) {
                return java.util.Optional.empty();
            }
            topic.add(!left.equals("+") ? left : !right.equals("+") ? right : "x");
        }
        String text = topic.isEmpty() ? "x" : String.join("/", topic);
        boolean both = MosquittoEvaluation.matches(one, text, null, null)
                && MosquittoEvaluation.matches(other, text, null, null);
        return both ? java.util.Optional.of(text) : java.util.Optional.empty();
    }

    // the text

    private String text(MosquittoAcl carried, Defaults defaults) {
        StringBuilder out = new StringBuilder();
        out.append("# Made from ").append(oneLine(file)).append(", Mosquitto's access list.\n");
        out.append("# What differs, and what to do about it, stands in the report of the import.\n");
        out.append("version: 1\n");
        if (scope.defaults()) {
            out.append("\ndefaults:\n  wide_subscriptions: filter\n").append(defaults.lines());
        }
        Map<String, List<Rule>> roles = new LinkedHashMap<>();
        Map<String, String> roleOfUser = rolesOfUsers(carried, roles);
        out.append("\nroles:\n");
        roles.forEach((name, rules) -> role(out, name, rules));
        if (!carried.anonymous().isEmpty()) {
            role(out, scope.prefix() + ANONYMOUS_ROLE, carried.anonymous());
        }
        String everybody = scope.prefix() + (carried.patterns().isEmpty() ? CONNECTED_ROLE : PATTERN_ROLE);
        if (carried.patterns().isEmpty()) {
            out.append("  ")
                    .append(everybody)
                    .append(":\n    note: whoever logs in may connect, as with Mosquitto\n")
                    .append(scope.when());
        } else {
            role(out, everybody, carried.patterns());
        }
        if (!roleOfUser.isEmpty()) {
            out.append("\nusers:\n");
            roleOfUser.forEach((user, role) -> out.append("  ")
                    .append(Json.line(user))
                    .append(": [")
                    .append(role)
                    .append("]\n"));
        }
        out.append("\nassign:\n  - to: {")
                .append(scope.condition())
                .append("auth: [certificate, password, jwt]}\n    roles: [")
                .append(everybody)
                .append("]\n");
        tests(out, carried);
        return out.toString();
    }

    /** Users with the same lines share a role. */
    private Map<String, String> rolesOfUsers(MosquittoAcl carried, Map<String, List<Rule>> roles) {
        Map<String, String> roleOfUser = new LinkedHashMap<>();
        Map<String, String> roleOfBody = new LinkedHashMap<>();
        carried.users().forEach((user, rules) -> {
            if (rules.isEmpty()) {
                return;
            }
            String body = rules.stream()
                    .map(rule -> rule.access() + " " + rule.filter())
                    .sorted()
                    .distinct()
                    .collect(Collectors.joining("\n"));
            String role = roleOfBody.computeIfAbsent(body, none -> free(user, roles.keySet()));
            roles.putIfAbsent(role, rules);
            roleOfUser.put(user, role);
        });
        return roleOfUser;
    }

    private String free(String user, Set<String> taken) {
        String plain =
                user.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        String base = scope.prefix() + "user-"
                + (plain.length() > 40 ? plain.substring(0, 40) : plain.isEmpty() ? "x" : plain);
        String name = base;
        for (int i = 2; taken.contains(name); i++) {
            name = base + "-" + i;
        }
        return name;
    }

    private void role(StringBuilder out, String name, List<Rule> rules) {
        out.append("  ").append(name).append(":\n").append(scope.when());
        topics(out, "    ", "publish", rules, rule -> rule.access().writes());
        topics(out, "    ", "subscribe", rules, rule -> rule.access().reads());
        if (rules.stream().anyMatch(Rule::denies)) {
            out.append("    deny:\n");
            topics(out, "      ", "publish", rules, Rule::denies);
            topics(out, "      ", "subscribe", rules, Rule::denies);
        }
        if (rules.isEmpty()) {
            out.append("    note: nothing of it could be carried\n");
        }
    }

    private static void topics(StringBuilder out, String indent, String key, List<Rule> rules, Predicate<Rule> which) {
        Set<String> filters = new LinkedHashSet<>();
        rules.stream().filter(which).forEach(rule -> filters.add(pattern(rule.filter())));
        if (filters.isEmpty()) {
            return;
        }
        out.append(indent).append(key).append(":\n");
        filters.forEach(filter ->
                out.append(indent).append("  - ").append(Json.line(filter)).append('\n'));
    }

    private static String pattern(String filter) {
        return personal(filter, "<user>", "<client>");
    }

    /** One check a line of the access list: an example of it, answered as Mosquitto answers, but for what is announced. */
    private void tests(StringBuilder out, MosquittoAcl carried) {
        MosquittoEvaluation mosquitto = new MosquittoEvaluation(carried);
        Map<String, Map<Boolean, Set<String>>> checks = new TreeMap<>();
        carried.users().forEach((user, rules) -> {
            if (AclVerification.fits(user)) {
                rules.forEach(rule -> check(mosquitto, checks, user, rule));
                carried.patterns().forEach(rule -> check(mosquitto, checks, user, rule));
            }
        });
        String stranger = "somebody-else";
        carried.patterns().forEach(rule -> check(mosquitto, checks, stranger, rule));
        if (checks.isEmpty()) {
            checks.computeIfAbsent(stranger, user -> new TreeMap<>())
                    .computeIfAbsent(false, no -> new LinkedHashSet<>())
                    .add("publish x");
        }
        out.append("\ntests:\n");
        checks.forEach((user, answers) -> {
            out.append("  - as: {user: ")
                    .append(Json.line(user))
                    .append(", client: client-1, auth: password")
                    .append(scope.test())
                    .append("}\n");
            answers.forEach((can, lines) -> {
                out.append(can ? "    can:\n" : "    cannot:\n");
                lines.forEach(
                        line -> out.append("      - ").append(Json.line(line)).append('\n'));
            });
        });
    }

    private void check(
            MosquittoEvaluation mosquitto, Map<String, Map<Boolean, Set<String>>> checks, String user, Rule rule) {
        String topic =
                personal(rule.filter(), user, "client-1").replace("+", "x").replace("#", "x");
        if (topic.chars().anyMatch(letter -> letter <= ' ')) {
            return; // a check is words; such a topic is compared by the verification
        }
        for (boolean write : new boolean[] {true, false}) {
            boolean relevant = rule.access() == Access.DENY
                    || (write ? rule.access().writes() : rule.access().reads());
            if (!relevant) {
                continue;
            }
            Answer answer = mosquitto.answer(user, "client-1", write, topic);
            boolean can = answer.allowed()
                    && !mosquitto.patternDenies(user, "client-1", topic)
                    && !(write && topic.startsWith("$SYS"));
            checks.computeIfAbsent(user, name -> new TreeMap<>())
                    .computeIfAbsent(can, yes -> new LinkedHashSet<>())
                    .add((write ? "publish " : "receive ") + topic);
        }
    }

    private static String oneLine(String text) {
        return MosquittoAcl.printable(text);
    }
}

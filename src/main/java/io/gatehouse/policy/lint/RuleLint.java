package io.gatehouse.policy.lint;

import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Advice on single rules and on rules of one role: L02, L04, L11, L12, L14, L18, L19. Confined to one thread. */
final class RuleLint {
    /** A rule that reaches over more variables than these reaches over tenants. */
    private static final int FEW_VARIABLES = 2;

    private final Lint lint;
    private final Policy policy;

    RuleLint(Lint lint, Policy policy) {
        this.lint = lint;
        this.policy = policy;
    }

    void run() {
        List<Statement> templates = new ArrayList<>();
        for (Role role : Lint.roles(policy)) {
            Statement.of(role).stream()
                    .filter(statement -> statement.variables().findAny().isPresent())
                    .forEach(templates::add);
        }
        Map<String, Statement> known = new HashMap<>();
        Map<Set<String>, Statement> pairs = new HashMap<>();
        for (Role role : Lint.roles(policy)) {
            List<Statement> statements = Statement.of(role);
            covered(statements, true);
            covered(statements, false);
            loops(role, statements);
            for (Statement statement : statements) {
                spelling(statement);
                if (!statement.deny()) {
                    wide(statement, templates);
                    repeated(statement, known, pairs);
                }
            }
        }
        policy.everyone().stream().flatMap(role -> Statement.of(role).stream()).forEach(this::spelling);
    }

    private void covered(List<Statement> all, boolean publish) {
        List<Statement> allows = all.stream()
                .filter(statement -> !statement.deny() && statement.publish() == publish)
                .toList();
        PatternIndex index = new PatternIndex(allows);
        Map<Statement, Integer> order = new java.util.IdentityHashMap<>();
        allows.forEach(statement -> order.put(statement, order.size()));
        for (Statement statement : allows) {
            index.containing(statement).stream()
                    .filter(other -> other != statement && other.capsAtLeast(statement))
                    // of two that say the same, the later one is too many
                    .filter(other -> !statement.capsAtLeast(other)
                            || !other.text().equals(statement.text())
                            || Objects.requireNonNull(order.get(other)) < Objects.requireNonNull(order.get(statement)))
                    .findFirst()
                    .ifPresent(other -> lint.find(
                            statement.place(),
                            "L02",
                            "\"" + statement.text() + "\" is covered by \"" + other.text() + "\" at " + other.at()
                                    + ": it adds nothing. Remove it."));
        }
    }

    private void wide(Statement allow, List<Statement> templates) {
        if (allow.text().equals("#") || allow.text().equals("+/#")) {
            lint.find(
                    allow.place(),
                    "L04",
                    "role \"" + allow.role().name() + "\" may " + allow.verb() + " everything (\"" + allow.text()
                            + "\"). Name the trees it needs.");
            return;
        }
        if (!allow.hasWildcard()) {
            return;
        }
        PatternIndex only = new PatternIndex(List.of(allow));
        Set<String> reached = templates.stream()
                .filter(template -> template.role() != allow.role() && only.covers(template))
                .flatMap(Statement::variables)
                .collect(Collectors.toCollection(java.util.TreeSet::new));
        if (reached.size() > FEW_VARIABLES) {
            lint.find(
                    allow.place(),
                    "L04",
                    "\"" + allow.text() + "\" of role \"" + allow.role().name() + "\" reaches over "
                            + reached.stream().map(name -> "<" + name + ">").collect(Collectors.joining(", "))
                            + ": what other roles keep apart. Name the levels it needs.");
        }
    }

    private void loops(Role role, List<Statement> statements) {
        Map<String, Statement> subscribed = new HashMap<>();
        statements.stream()
                .filter(statement -> !statement.deny() && !statement.publish() && statement.hasWildcard())
                .forEach(statement -> subscribed.put(statement.text(), statement));
        statements.stream()
                .filter(statement -> !statement.deny() && statement.publish())
                .filter(statement -> subscribed.containsKey(statement.text()))
                .forEach(statement -> lint.find(
                        statement.place(),
                        "L12",
                        "role \"" + role.name() + "\" publishes to the tree that it subscribes to (\""
                                + statement.text()
                                + "\"): its clients hear themselves. Divide the tree by direction."));
    }

    private void repeated(Statement allow, Map<String, Statement> known, Map<Set<String>, Statement> pairs) {
        String key = allow.verb() + " " + allow.text();
        Statement other = known.putIfAbsent(key, allow);
        if (other == null || other.role() == allow.role() || !other.capsAtLeast(allow) || !allow.capsAtLeast(other)) {
            return;
        }
        Set<String> pair = Set.of(other.role().name(), allow.role().name());
        boolean together = Holdings.closure(List.of(allow.role().name()), policy)
                .contains(other.role().name());
        if (!together && pairs.putIfAbsent(pair, allow) == null) {
            lint.find(
                    allow.place(),
                    "L18",
                    key + " stands in role \"" + other.role().name() + "\" at " + other.at()
                            + ", too. Let both roles include a third.");
        }
    }

    private void spelling(Statement statement) {
        if (statement.text().endsWith("/")) {
            lint.find(
                    statement.place(),
                    "L11",
                    "\"" + statement.text()
                            + "\" ends in an empty level and matches only topics that do. Did you mean \""
                            + statement.text() + "#\"?");
        }
        if (!statement.deny() && statement.publish() && statement.hasWildcard() && retains(statement)) {
            lint.find(
                    statement.place(),
                    "L14",
                    "\"" + statement.text()
                            + "\" lets leave retained messages on topics without number. Say retain: false, or"
                            + " name the topics that keep one.");
        }
        statement.pattern().levels().stream()
                .filter(Level.Literal.class::isInstance)
                .map(level -> ((Level.Literal) level).text())
                .filter(RuleLint::isUnusual)
                .findFirst()
                .ifPresent(
                        level -> lint.find(
                                statement.place(),
                                "L19",
                                "level \"" + level + "\" of \"" + statement.text()
                                        + "\" mixes scripts or holds characters that look like others: is it what clients send?"));
    }

    private static boolean retains(Statement statement) {
        return statement.item() != null
                && Objects.requireNonNull(statement.item()).retain();
    }

    /** Characters nobody sees, letters of several scripts in one level, or another spelling of the same letters. */
    static boolean isUnusual(String level) {
        Set<UnicodeScript> scripts = EnumSet.noneOf(UnicodeScript.class);
        level.codePoints().filter(Character::isLetter).forEach(c -> scripts.add(UnicodeScript.of(c)));
        // Japanese is written in several at once
        scripts.removeAll(Set.of(UnicodeScript.COMMON, UnicodeScript.INHERITED));
        Set<UnicodeScript> japanese = EnumSet.of(UnicodeScript.HAN, UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA);
        boolean mixed = scripts.size() > 1 && !japanese.containsAll(scripts);
        boolean hidden = level.codePoints()
                .anyMatch(c -> Character.getType(c) == Character.FORMAT
                        || Character.getType(c) == Character.PRIVATE_USE
                        || Character.getType(c) == Character.UNASSIGNED
                        || c != ' ' && Character.isSpaceChar(c));
        return mixed || hidden || !Normalizer.isNormalized(level, Normalizer.Form.NFC);
    }
}

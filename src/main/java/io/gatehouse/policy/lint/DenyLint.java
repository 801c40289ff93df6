package io.gatehouse.policy.lint;

import io.gatehouse.policy.model.Condition;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Policy;
import io.gatehouse.policy.model.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Advice on what denies do, and on what they do not: L03, L07, L08, L09, L10. Confined to one thread. */
final class DenyLint {
    private final Lint lint;
    private final Policy policy;
    private final Holdings holdings;
    private final Map<String, Parts> parts = new HashMap<>();
    private final Parts everyone;

    /** The rules of a role, taken apart. */
    private static final class Parts {
        private final List<Statement> allows = new ArrayList<>();
        private final List<Statement> denies = new ArrayList<>();
        private final PatternIndex deniesPublish;
        private final PatternIndex deniesSubscribe;

        Parts(List<Statement> all) {
            all.forEach(statement -> (statement.deny() ? denies : allows).add(statement));
            deniesPublish =
                    new PatternIndex(denies.stream().filter(Statement::publish).toList());
            deniesSubscribe = new PatternIndex(
                    denies.stream().filter(deny -> !deny.publish()).toList());
        }

        PatternIndex denies(boolean publish) {
            return publish ? deniesPublish : deniesSubscribe;
        }

        Optional<Statement> deny(Statement met) {
            return Optional.ofNullable(denies(met.publish()).meeting(met, deny -> true));
        }
    }

    DenyLint(Lint lint, Policy policy, Holdings holdings) {
        this.lint = lint;
        this.policy = policy;
        this.holdings = holdings;
        this.everyone = new Parts(policy.everyone().stream()
                .flatMap(role -> Statement.of(role).stream())
                .toList());
    }

    void run() {
        Lint.roles(policy).forEach(role -> parts.put(role.name(), new Parts(Statement.of(role))));
        boolean[] dollar = {false, false};
        parts.values().stream()
                .flatMap(part -> part.allows.stream())
                .filter(Statement::startsWithDollar)
                .forEach(allow -> dollar[allow.publish() ? 0 : 1] = true);
        List<Parts> all = new ArrayList<>(parts.values());
        all.add(everyone);
        for (Parts part : all) {
            part.denies.stream()
                    .filter(deny -> deny.startsWild() && dollar[deny.publish() ? 0 : 1])
                    .forEach(deny -> lint.find(
                            deny.place(),
                            "L09",
                            "deny " + deny.verb() + " \"" + deny.text()
                                    + "\" does not reach topics that start with $, and a role allows some. Deny those by"
                                    + " name."));
        }
        for (Parts part : parts.values()) {
            dead(part);
            shallow(part);
        }
        for (Set<String> together : holdings.sets().keySet()) {
            together(together, Objects.requireNonNull(holdings.sets().get(together)));
        }
    }

    private void dead(Parts part) {
        for (Statement allow : part.allows) {
            boolean own = part.denies(allow.publish()).covers(allow);
            if (own || everyone.denies(allow.publish()).covers(allow)) {
                String by = (own ? part : everyone)
                        .deny(allow)
                        .map(deny -> " by \"" + deny.text() + "\" at " + deny.at())
                        .orElse("");
                lint.find(
                        allow.place(),
                        "L03",
                        "allow " + allow.verb() + " \"" + allow.text() + "\" is denied whole" + by
                                + ": it allows nothing. Remove one of them.");
            }
        }
    }

    private void shallow(Parts part) {
        PatternIndex allows = new PatternIndex(part.allows);
        for (Statement deny : part.denies) {
            if (deny.goesDeeper()) {
                continue;
            }
            Statement below = deeper(deny);
            if (part.denies(deny.publish()).covers(below)) {
                continue;
            }
            allows.containing(below).stream()
                    .filter(allow -> allow.publish() == deny.publish())
                    .findFirst()
                    .ifPresent(allow -> lint.find(
                            deny.place(),
                            "L08",
                            "deny " + deny.verb() + " \"" + deny.text() + "\" ends where the allow \"" + allow.text()
                                    + "\" at " + allow.at()
                                    + " goes deeper: what is below stays allowed. Did you mean \""
                                    + below.text() + "\"?"));
        }
    }

    private static Statement deeper(Statement deny) {
        List<Level> levels = new ArrayList<>(deny.pattern().levels());
        levels.add(new Level.AnyDeeper());
        return new Statement(deny.role(), deny.publish(), new Pattern(levels, deny.place()), null);
    }

    private void together(Set<String> roles, String who) {
        for (String denying : roles) {
            Parts from = parts.get(denying);
            if (from == null || from.denies.isEmpty()) {
                continue;
            }
            for (String allowing : roles) {
                Parts to = parts.get(allowing);
                if (to != null && !allowing.equals(denying)) {
                    useless(from, to, denying, who);
                    escaped(denying, allowing, from, to, who);
                }
            }
        }
    }

    private void useless(Parts from, Parts to, String denying, String who) {
        for (Statement allow : to.allows) {
            if (from.denies(allow.publish()).covers(allow)) {
                from.deny(allow)
                        .ifPresent(deny -> lint.find(
                                allow.place(),
                                "L07",
                                "allow " + allow.verb() + " \"" + allow.text() + "\" is useless to " + who
                                        + ", who is \"" + denying + "\", too: its deny \"" + deny.text() + "\" at "
                                        + deny.at() + " wins."));
            }
        }
    }

    private void escaped(String denying, String allowing, Parts from, Parts to, String who) {
        List<Condition> when = when(denying);
        if (when.isEmpty() || when.equals(when(allowing)) || onlyThrough(allowing, denying)) {
            return;
        }
        for (Statement deny : from.denies) {
            Statement allow =
                    new PatternIndex(to.allows).meeting(deny, candidate -> candidate.publish() == deny.publish());
            if (allow != null) {
                lint.find(
                        deny.place(),
                        "L10",
                        "deny " + deny.verb() + " \"" + deny.text() + "\" holds only while \"" + denying
                                + "\" is active: outside its condition, " + who + " has \"" + allow.text() + "\" of \""
                                + allowing + "\" at " + allow.at() + ". Put the deny into \"" + allowing
                                + "\" or into \"everyone\".");
            }
        }
    }

    private List<Condition> when(String role) {
        Role found = policy.roles().get(role);
        return found == null ? List.of() : found.when();
    }

    /** Whether a role comes only with another: then it is not there without that one's condition. */
    private boolean onlyThrough(String role, String bringer) {
        boolean given = policy.users().values().stream().anyMatch(roles -> roles.contains(role))
                || policy.assignments().stream().anyMatch(row -> row.roles().contains(role));
        return !given
                && policy.roles().values().stream()
                        .filter(other -> other.include().contains(role))
                        .allMatch(other -> other.name().equals(bringer));
    }
}

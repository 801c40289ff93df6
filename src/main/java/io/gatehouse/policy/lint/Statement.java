package io.gatehouse.policy.lint;

import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Level;
import io.gatehouse.policy.model.Pattern;
import io.gatehouse.policy.model.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One rule with the role it stands in. Immutable.
 *
 * @param item of an allow; null for a deny
 */
record Statement(
        Role role,
        boolean publish,
        Pattern pattern,
        @Nullable Item item) {

    /** The rules of a role, those that are shadows left out. */
    static List<Statement> of(Role role) {
        List<Statement> all = new ArrayList<>();
        role.publish().stream()
                .filter(item -> !item.shadow())
                .forEach(item -> all.add(new Statement(role, true, item.topic(), item)));
        role.subscribe().stream()
                .filter(item -> !item.shadow())
                .forEach(item -> all.add(new Statement(role, false, item.topic(), item)));
        role.denyPublish().forEach(pattern -> all.add(new Statement(role, true, pattern, null)));
        role.denySubscribe().forEach(pattern -> all.add(new Statement(role, false, pattern, null)));
        return role.shadow() ? List.of() : all;
    }

    boolean deny() {
        return item == null;
    }

    Place place() {
        return pattern.place();
    }

    String at() {
        return place().fileAndLine();
    }

    String text() {
        return pattern.text();
    }

    String verb() {
        return publish ? "publish" : "subscribe";
    }

    boolean goesDeeper() {
        return pattern.levels().get(pattern.levels().size() - 1) instanceof Level.AnyDeeper;
    }

    boolean startsWild() {
        Level first = pattern.levels().get(0);
        return first instanceof Level.AnyLevel || first instanceof Level.AnyDeeper;
    }

    boolean startsWithDollar() {
        return pattern.levels().get(0) instanceof Level.Literal literal
                && literal.text().startsWith("$");
    }

    boolean hasWildcard() {
        return pattern.levels().stream()
                .anyMatch(level -> level instanceof Level.AnyLevel || level instanceof Level.AnyDeeper);
    }

    Stream<String> variables() {
        return pattern.levels().stream()
                .filter(Level.Variable.class::isInstance)
                .map(level -> ((Level.Variable) level).name());
    }

    /** Whether every request that another allow admits is admitted by this one's caps, too. */
    boolean capsAtLeast(Statement other) {
        Item mine = item;
        Item theirs = other.item;
        return mine != null
                && theirs != null
                && mine.maxQos().level() >= theirs.maxQos().level()
                && (mine.retain() || !theirs.retain())
                && mine.maxPayloadBytes() >= theirs.maxPayloadBytes()
                && mine.shared().containsAll(theirs.shared());
    }
}

package io.gatehouse.policy.diff;

import io.gatehouse.policy.diff.PatternTree.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** All that changes for one set of roles. Stateless. */
final class Changes {
    /** A filter is made of a topic in at most two to the power of its levels ways. */
    private static final int MAX_LEVELS = 10;

    private static final int MAX_FILTERS_FROM = 200;

    private Changes() {}

    static List<Change> of(RoleRules before, Set<String> rolesBefore, RoleRules after, Set<String> rolesAfter) {
        List<Change> changes = new ArrayList<>();
        for (boolean publish : new boolean[] {true, false}) {
            Node from = before.tree(rolesBefore, publish);
            Node to = after.tree(rolesAfter, publish);
            for (Delta delta : Comparison.of(from, to, Grant::effective)) {
                add(delta, publish, changes);
            }
            if (!publish) {
                changes.addAll(filters(from, to));
            }
        }
        return changes;
    }

    private static void add(Delta delta, boolean publish, List<Change> changes) {
        if (!delta.after().contains(delta.before())) {
            changes.add(change(delta, publish, false, delta.before().more(delta.after())));
        }
        if (!delta.before().contains(delta.after())) {
            changes.add(change(delta, publish, true, delta.after().more(delta.before())));
        }
    }

    private static Change change(Delta delta, boolean publish, boolean gained, String detail) {
        return new Change(
                gained,
                publish ? "publish" : "subscribe",
                delta.pattern(),
                false,
                delta.witness(),
                detail,
                delta.where());
    }

    /**
     * The filters that are answered otherwise though no topic is: what is denied either way may be within what is allowed
     * under one policy and outside under the other, and a filter that spans it is granted or too wide.
     */
    private static List<Change> filters(Node from, Node to) {
        Map<String, Change> found = new LinkedHashMap<>();
        if (!Comparison.of(from, to, Grant::effective).isEmpty()) {
            return List.of(); // which filters follow is said by the topics
        }
        List<Delta> within = Comparison.of(from, to, Grant::allowed);
        for (Delta delta : within.subList(0, Math.min(within.size(), MAX_FILTERS_FROM))) {
            boolean deniedEither = delta.before().allows() != delta.after().allows();
            if (!deniedEither || delta.path().size() > MAX_LEVELS) {
                continue;
            }
            for (List<String> filter : filters(delta)) {
                boolean was = granted(from, filter);
                boolean is = granted(to, filter);
                if (was != is) {
                    String text = String.join("/", filter);
                    found.putIfAbsent(
                            text,
                            new Change(is, "subscribe", text, true, text, "it spans what is denied", new TreeMap<>()));
                    break;
                }
            }
        }
        return List.copyOf(found.values());
    }

    private static boolean granted(Node root, List<String> filter) {
        return PatternTree.covers(root, filter, Grant::allows) && !PatternTree.covers(root, filter, Grant::denied);
    }

    /** The filters that match a topic of the path: each level as it is or as {@code +}, cut anywhere and going on with #. */
    private static Set<List<String>> filters(Delta delta) {
        Set<List<String>> filters = new LinkedHashSet<>();
        List<String> levels = new ArrayList<>(delta.path());
        for (int length = levels.size(); length >= 0; length--) {
            boolean whole = length == levels.size();
            for (int mask = 0; mask < 1 << length; mask++) {
                List<String> filter = new ArrayList<>();
                for (int i = 0; i < length; i++) {
                    filter.add((mask >>> i & 1) == 0 ? levels.get(i) : PatternTree.PLUS);
                }
                if (whole && !filter.isEmpty() && !filter.equals(List.of(""))) {
                    filters.add(List.copyOf(filter));
                }
                filter.add("#");
                filters.add(filter);
            }
        }
        return filters;
    }
}

package io.gatehouse.policy.diff;

import io.gatehouse.policy.model.Item;
import io.gatehouse.policy.model.Limits;
import io.gatehouse.protocol.Qos;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the rules that match one topic come to. Immutable.
 *
 * @param caps the largest payload for each of: QoS 0, 0 retained, 1, 1 retained, 2, 2 retained; to subscribe, for each QoS,
 *     0 or {@link Limits#UNLIMITED}; empty: nothing is allowed
 * @param groups of shared subscriptions, none of them covered by another
 */
record Grant(boolean denied, List<Long> caps, SortedSet<String> groups) {
    private static final int PUBLISH_KINDS = 6;
    private static final int SUBSCRIBE_KINDS = 3;
    private static final long NOT = -1;

    static final Grant NOTHING = new Grant(false, List.of(), new TreeSet<>());

    static Grant deny() {
        return new Grant(true, List.of(), new TreeSet<>());
    }

    static Grant publish(Item item) {
        List<Long> caps = new ArrayList<>();
        for (int kind = 0; kind < PUBLISH_KINDS; kind++) {
            boolean admitted = kind / 2 <= item.maxQos().level() && (kind % 2 == 0 || item.retain());
            caps.add(admitted ? item.maxPayloadBytes() : NOT);
        }
        return new Grant(false, List.copyOf(caps), new TreeSet<>());
    }

    static Grant subscribe(Item item) {
        List<Long> caps = new ArrayList<>();
        for (int level = 0; level < SUBSCRIBE_KINDS; level++) {
            caps.add(level <= item.maxQos().level() ? (long) Limits.UNLIMITED : NOT);
        }
        return new Grant(false, List.copyOf(caps), new TreeSet<>(item.shared()));
    }

    Grant and(Grant other) {
        if (other.equals(NOTHING) || other.equals(this)) {
            return this;
        }
        if (equals(NOTHING)) {
            return other;
        }
        List<Long> most = new ArrayList<>(caps.isEmpty() ? other.caps : caps);
        if (!caps.isEmpty() && !other.caps.isEmpty()) {
            for (int kind = 0; kind < most.size(); kind++) {
                most.set(kind, Math.max(most.get(kind), other.caps.get(kind)));
            }
        }
        SortedSet<String> all = new TreeSet<>(groups);
        all.addAll(other.groups);
        all.removeIf(name -> all.stream().anyMatch(wider -> isWider(wider, name)));
        return new Grant(denied || other.denied, List.copyOf(most), all);
    }

    private static boolean isWider(String wider, String name) {
        return !wider.equals(name) && wider.endsWith("*") && name.startsWith(wider.substring(0, wider.length() - 1));
    }

    /** What is left of it: a deny leaves nothing. */
    Grant effective() {
        return denied ? NOTHING : this;
    }

    /** What is allowed, denied or not. */
    Grant allowed() {
        return new Grant(false, caps, groups);
    }

    boolean allows() {
        return !caps.isEmpty();
    }

    /** Whether everything another one admits is admitted here, too. */
    boolean contains(Grant other) {
        for (int kind = 0; kind < other.caps.size(); kind++) {
            if (cap(kind) < other.caps.get(kind)) {
                return false;
            }
        }
        return other.groups.stream()
                .allMatch(name -> groups.contains(name) || groups.stream().anyMatch(wider -> isWider(wider, name)));
    }

    private long cap(int kind) {
        return caps.isEmpty() ? NOT : caps.get(kind);
    }

    /** Words for what this one admits and another one does not; empty where the other one admits nothing at all. */
    String more(Grant other) {
        if (!other.allows()) {
            return "";
        }
        List<String> words = new ArrayList<>();
        boolean publish = caps.size() == PUBLISH_KINDS;
        for (int kind = 0; kind < caps.size(); kind++) {
            if (cap(kind) > other.cap(kind)) {
                String what = "qos " + Qos.of(publish ? kind / 2 : kind).level()
                        + (publish && kind % 2 == 1 ? " retained" : "");
                words.add(other.cap(kind) == NOT ? what : what + " over " + other.cap(kind) + " bytes");
            }
        }
        String missing =
                groups.stream().filter(name -> !other.groups.contains(name)).collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            words.add("share group " + missing);
        }
        return String.join(", ", words);
    }
}

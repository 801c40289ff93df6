package io.gatehouse.topic;

import io.gatehouse.protocol.TopicName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Filters in, names asked: who subscribed to what matches this topic?
 *
 * <p>Any thread asks, without a lock; whoever changes the tree takes its one. A reader sees every entry that was put
 * before it began, and entries that come or go meanwhile or not. As deep as the longest filter, which the codec bounds.
 */
public final class FilterTree<V> {
    private static final String PLUS = "+";
    private static final String HASH = "#";

    private final Node<V> root = new Node<>();
    private int size;

    private static final class Node<V> {
        final Map<String, Node<V>> literals = new ConcurrentHashMap<>(2);
        volatile @Nullable Node<V> plus;
        volatile @Nullable Map<Object, V> here;
        volatile @Nullable Map<Object, V> deeper;

        boolean isEmpty() {
            return literals.isEmpty() && plus == null && here == null && deeper == null;
        }
    }

    /**
     * Puts a value under a filter; one that the same key put there before is replaced.
     *
     * @param pattern a valid filter without {@code $share}
     * @return the value that was replaced
     */
    public synchronized @Nullable V put(String pattern, Object key, V value) {
        String[] levels = pattern.split("/", -1);
        Node<V> node = root;
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals(HASH)) {
                Map<Object, V> deeper = node.deeper;
                if (deeper == null) {
                    deeper = new ConcurrentHashMap<>(2);
                    node.deeper = deeper;
                }
                return counted(deeper.put(key, value));
            }
            if (levels[i].equals(PLUS)) {
                Node<V> plus = node.plus;
                if (plus == null) {
                    plus = new Node<>();
                    node.plus = plus;
                }
                node = plus;
            } else {
                node = node.literals.computeIfAbsent(levels[i], level -> new Node<>());
            }
        }
        Map<Object, V> here = node.here;
        if (here == null) {
            here = new ConcurrentHashMap<>(2);
            node.here = here;
        }
        return counted(here.put(key, value));
    }

    private @Nullable V counted(@Nullable V replaced) {
        if (replaced == null) {
            size++;
        }
        return replaced;
    }

    /** Takes a key's value from under a filter, and the branches that are bare without it. */
    public synchronized @Nullable V remove(String pattern, Object key) {
        V removed = remove(root, pattern.split("/", -1), 0, key);
        if (removed != null) {
            size--;
        }
        return removed;
    }

    private @Nullable V remove(Node<V> node, String[] levels, int i, Object key) {
        if (i == levels.length) {
            Map<Object, V> here = node.here;
            V removed = here == null ? null : here.remove(key);
            if (here != null && here.isEmpty()) {
                node.here = null;
            }
            return removed;
        }
        if (levels[i].equals(HASH)) {
            Map<Object, V> deeper = node.deeper;
            V removed = deeper == null ? null : deeper.remove(key);
            if (deeper != null && deeper.isEmpty()) {
                node.deeper = null;
            }
            return removed;
        }
        boolean isPlus = levels[i].equals(PLUS);
        Node<V> child = isPlus ? node.plus : node.literals.get(levels[i]);
        if (child == null) {
            return null;
        }
        V removed = remove(child, levels, i + 1, key);
        if (child.isEmpty()) {
            if (isPlus) {
                node.plus = null;
            } else {
                node.literals.remove(levels[i]);
            }
        }
        return removed;
    }

    /** How many values there are. */
    public synchronized int size() {
        return size;
    }

    /** Hands over the value of every filter that matches; one that is under several filters, once for each. */
    public void match(TopicName topic, Consumer<? super V> found) {
        match(root, topic.parts(), 0, topic.startsWithDollar(), found);
    }

    private void match(Node<V> node, String[] levels, int i, boolean dollar, Consumer<? super V> found) {
        boolean wild = i > 0 || !dollar; // [MQTT-4.7.2-1]
        if (wild) {
            each(node.deeper, found); // "a/#" matches "a" too
        }
        if (i == levels.length) {
            each(node.here, found);
            return;
        }
        Node<V> literal = node.literals.get(levels[i]);
        if (literal != null) {
            match(literal, levels, i + 1, dollar, found);
        }
        Node<V> plus = node.plus;
        if (wild && plus != null) {
            match(plus, levels, i + 1, dollar, found);
        }
    }

    private static <V> void each(@Nullable Map<Object, V> values, Consumer<? super V> found) {
        if (values != null) {
            values.values().forEach(found);
        }
    }

    /** Every value, in no order. */
    public Collection<V> values() {
        List<V> all = new java.util.ArrayList<>();
        collect(root, all);
        return all;
    }

    private static <V> void collect(Node<V> node, List<V> all) {
        each(node.here, all::add);
        each(node.deeper, all::add);
        node.literals.values().forEach(child -> collect(child, all));
        Node<V> plus = node.plus;
        if (plus != null) {
            collect(plus, all);
        }
    }
}

package io.gatehouse.topic;

import io.gatehouse.protocol.TopicName;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Names in, filters asked: which retained messages does this filter match?
 *
 * <p>Any thread asks, without a lock; whoever changes the tree takes its one. As deep as the longest name, which the
 * codec bounds.
 */
public final class NameTree<V> {
    private final Node<V> root = new Node<>();
    private int size;

    private static final class Node<V> {
        final Map<String, Node<V>> children = new ConcurrentHashMap<>(2);
        volatile @Nullable V value;
    }

    /** Puts the value of a name; returns the one it replaced. */
    public synchronized @Nullable V put(TopicName name, V value) {
        Node<V> node = root;
        for (String level : name.parts()) {
            node = node.children.computeIfAbsent(level, text -> new Node<>());
        }
        V old = node.value;
        node.value = value;
        if (old == null) {
            size++;
        }
        return old;
    }

    /** Takes a name and its value away. */
    public synchronized @Nullable V remove(TopicName name) {
        V removed = remove(root, name.parts(), 0);
        if (removed != null) {
            size--;
        }
        return removed;
    }

    private @Nullable V remove(Node<V> node, String[] levels, int i) {
        if (i == levels.length) {
            V old = node.value;
            node.value = null;
            return old;
        }
        Node<V> child = node.children.get(levels[i]);
        if (child == null) {
            return null;
        }
        V removed = remove(child, levels, i + 1);
        if (child.value == null && child.children.isEmpty()) {
            node.children.remove(levels[i]);
        }
        return removed;
    }

    public @Nullable V get(TopicName name) {
        Node<V> node = root;
        for (String level : name.parts()) {
            node = node.children.get(level);
            if (node == null) {
                return null;
            }
        }
        return node.value;
    }

    public synchronized int size() {
        return size;
    }

    /**
     * Hands over the value of every name that a filter matches.
     *
     * @param pattern a valid filter without {@code $share}
     */
    public void match(String pattern, Consumer<? super V> found) {
        match(root, pattern.split("/", -1), 0, found);
    }

    private void match(Node<V> node, String[] levels, int i, Consumer<? super V> found) {
        if (i == levels.length) {
            tell(node, found);
            return;
        }
        switch (levels[i]) {
            case "#" -> {
                if (i > 0) {
                    tell(node, found); // "a/#" matches "a" too
                }
                node.children.forEach((level, child) -> {
                    if (i > 0 || !level.startsWith("$")) { // [MQTT-4.7.2-1]
                        all(child, found);
                    }
                });
            }
            case "+" ->
                node.children.forEach((level, child) -> {
                    if (i > 0 || !level.startsWith("$")) {
                        match(child, levels, i + 1, found);
                    }
                });
            default -> {
                Node<V> child = node.children.get(levels[i]);
                if (child != null) {
                    match(child, levels, i + 1, found);
                }
            }
        }
    }

    /** Hands over every value there is. */
    public void each(Consumer<? super V> found) {
        all(root, found);
    }

    private void all(Node<V> node, Consumer<? super V> found) {
        tell(node, found);
        node.children.values().forEach(child -> all(child, found));
    }

    private static <V> void tell(Node<V> node, Consumer<? super V> found) {
        V value = node.value;
        if (value != null) {
            found.accept(value);
        }
    }
}

package io.gatehouse.policy;

import io.gatehouse.config.Place;
import io.gatehouse.policy.model.Limits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every rule of a policy by number, as flat arrays: some twenty bytes each, because a policy may have a million. Filled
 * by the one thread that compiles, read by any afterwards.
 *
 * <p>The rules of a node are a chain: {@link #next} from the node's first to {@link #NONE}. The hot path looks here only
 * for what is no bit of a node: caps on the payload, and the names of share groups.
 */
final class RuleTable {
    static final int NONE = -1;

    private final List<String> files = new ArrayList<>();
    private final Map<String, Integer> fileNumbers = new HashMap<>();
    private final Map<Integer, List<String>> shared = new HashMap<>();

    private int[] bits = new int[16];
    private int[] roles = new int[16];
    private int[] files_ = new int[16];
    private int[] lines = new int[16];
    private int[] nodes = new int[16];
    private int[] next = new int[16];
    /** Null while no rule has a cap. */
    private long @Nullable [] maxPayloadBytes;

    private int count;

    /**
     * Adds a rule in front of a node's chain.
     *
     * @param ruleBits what it says, without {@link Bits#CAPPED}
     * @param node {@code ~node} for a pattern that goes on with {@code #}
     * @return its number: the head of the chain now
     */
    int add(int ruleBits, int role, Place place, int node, int chain, long maxPayload, List<String> groups) {
        if (count == bits.length) {
            int size = count * 2;
            bits = Arrays.copyOf(bits, size);
            roles = Arrays.copyOf(roles, size);
            files_ = Arrays.copyOf(files_, size);
            lines = Arrays.copyOf(lines, size);
            nodes = Arrays.copyOf(nodes, size);
            next = Arrays.copyOf(next, size);
            if (maxPayloadBytes != null) {
                maxPayloadBytes = caps(maxPayloadBytes, size);
            }
        }
        bits[count] = ruleBits;
        roles[count] = role;
        files_[count] = fileNumbers.computeIfAbsent(place.file(), file -> {
            files.add(file);
            return files.size() - 1;
        });
        lines[count] = place.line();
        nodes[count] = node;
        next[count] = chain;
        if (maxPayload < Limits.UNLIMITED) {
            if (maxPayloadBytes == null) {
                maxPayloadBytes = caps(new long[0], bits.length);
            }
            maxPayloadBytes[count] = maxPayload;
        }
        if (!groups.isEmpty()) {
            shared.put(count, groups);
        }
        return count++;
    }

    private static long[] caps(long[] before, int size) {
        long[] caps = Arrays.copyOf(before, size);
        Arrays.fill(caps, before.length, size, Limits.UNLIMITED);
        return caps;
    }

    /** The nodes have found their places: a rule that was added for node n is one of {@code places[n]}. */
    void settle(int[] places) {
        for (int rule = 0; rule < count; rule++) {
            nodes[rule] = nodes[rule] < 0 ? ~places[~nodes[rule]] : places[nodes[rule]];
        }
    }

    int count() {
        return count;
    }

    int bits(int rule) {
        return bits[rule];
    }

    int role(int rule) {
        return roles[rule];
    }

    /** The node where it ends. */
    int node(int rule) {
        return nodes[rule] < 0 ? ~nodes[rule] : nodes[rule];
    }

    /** Whether it goes on with {@code #} there. */
    boolean isHash(int rule) {
        return nodes[rule] < 0;
    }

    int next(int rule) {
        return next[rule];
    }

    long maxPayloadBytes(int rule) {
        return maxPayloadBytes == null ? Limits.UNLIMITED : maxPayloadBytes[rule];
    }

    List<String> shared(int rule) {
        return shared.getOrDefault(rule, List.of());
    }

    /** Whether it lets join a share group: exact names, or with a trailing {@code *}. */
    boolean lets(int rule, String group) {
        for (String pattern : shared(rule)) {
            boolean prefix = pattern.endsWith("*");
            if (prefix ? group.regionMatches(0, pattern, 0, pattern.length() - 1) : group.equals(pattern)) {
                return true;
            }
        }
        return false;
    }

    /** {@code file:line}. */
    String place(int rule) {
        return files.get(files_[rule]) + ":" + lines[rule];
    }
}

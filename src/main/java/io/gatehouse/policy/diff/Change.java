package io.gatehouse.policy.diff;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One thing that a set of roles may do under one policy and not under the other. Immutable.
 *
 * @param gained whether the newer policy allows it; else the older one did
 * @param verb {@code publish} or {@code subscribe}
 * @param pattern of topics; {@code +} is any other level than those named beside it. With {@code filter}, a filter
 * @param filter whether it is the answer to a SUBSCRIBE with this filter that changes, and no message
 * @param witness one topic, or the filter
 * @param detail which requests, if not all; else empty
 * @param where what variables have to be for it
 */
public record Change(
        boolean gained,
        String verb,
        String pattern,
        boolean filter,
        String witness,
        String detail,
        SortedMap<String, String> where) {
    public Change {
        where = new TreeMap<>(where);
    }

    /** {@code LOST    publish   plant/+/cmd/firmware/#}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder()
                .append(gained ? "GAINED  " : "LOST    ")
                .append(verb.equals("publish") ? "publish   " : "subscribe ")
                .append(filter ? "filter " : "")
                .append(pattern);
        if (!detail.isEmpty()) {
            text.append("   (").append(detail).append(')');
        }
        where.forEach((name, level) ->
                text.append("   where ").append(name).append(" is ").append(level));
        return text.toString();
    }
}

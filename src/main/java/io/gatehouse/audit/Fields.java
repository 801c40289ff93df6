package io.gatehouse.audit;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of one event, in the order they are written. Confined to whoever makes it. */
final class Fields {
    private final Map<String, @Nullable Object> map = new LinkedHashMap<>();

    /** @param value null: left out of the line */
    Fields put(String name, @Nullable Object value) {
        map.put(name, value);
        return this;
    }

    Fields all(Map<String, ?> others) {
        map.putAll(others);
        return this;
    }

    /** How many alike were left out; none are not told of. */
    Fields count(long leftOut) {
        return put("count", leftOut == 0 ? null : leftOut);
    }

    Map<String, @Nullable Object> map() {
        return map;
    }
}

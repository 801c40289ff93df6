package io.gatehouse.connection;

import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which of many events alike are written: the first of a kind at once, then one a second with the number of those left
 * out. Any thread; what it remembers is bounded.
 *
 * @param <K> what makes two events alike
 */
final class Repeats<K> {
    private static final int MAX_KINDS = 10_000;
    private static final long WINDOW_MILLIS = 1000;

    private final Clock clock;
    private final Map<K, Window> windows = new ConcurrentHashMap<>();

    Repeats(Clock clock) {
        this.clock = clock;
    }

    private record Window(long startMillis, long suppressed) {}

    /** @return how many alike were left out since the last one; -1: this one is, too */
    long admit(K kind) {
        long now = clock.millis();
        if (windows.size() >= MAX_KINDS) {
            windows.entrySet().removeIf(entry -> now - entry.getValue().startMillis >= WINDOW_MILLIS);
            if (windows.size() >= MAX_KINDS) {
                windows.clear(); // more kinds a second than anybody reads: better twice than never
            }
        }
        long[] write = {-1};
        windows.compute(kind, (key, window) -> {
            if (window != null && now - window.startMillis < WINDOW_MILLIS) {
                return new Window(window.startMillis, window.suppressed + 1);
            }
            write[0] = window == null ? 0 : window.suppressed;
            return new Window(now, 0);
        });
        return write[0];
    }
}

package io.gatehouse.session;

import java.time.Duration;

/** Runs tasks later: the port that session expiry and will delays are timed with. Any thread. */
@FunctionalInterface
public interface Timers {
    Timer schedule(Duration delay, Runnable task);

    /** A task that has not run yet. */
    interface Timer {
        void cancel();
    }
}

package io.gatehouse.store;

import org.jspecify.annotations.Nullable;

/**
 * A session's place in a store: what its records are filed under. Any thread, but for the counts, which belong to the
 * store's writer once anything is appended.
 */
public final class StoredSession {
    private final long number;
    private volatile boolean ended;
    private volatile @Nullable Runnable onAppended;

    // the writer's
    long messages;
    long bytes;
    boolean counted;

    public StoredSession(long number) {
        this.number = number;
    }

    public long number() {
        return number;
    }

    /** How many messages an earlier run left in its queue. */
    public int messages() {
        return (int) Math.min(Integer.MAX_VALUE, messages);
    }

    /** Their payloads and topics. */
    public long bytes() {
        return bytes;
    }

    /** Called, by any thread, after an entry of this session was appended; null: nobody waits. */
    public void onAppended(@Nullable Runnable action) {
        onAppended = action;
    }

    void wake() {
        Runnable action = onAppended;
        if (action != null) {
            action.run();
        }
    }

    void end() {
        ended = true;
    }

    boolean isEnded() {
        return ended;
    }
}

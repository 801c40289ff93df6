package io.gatehouse.store;

import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Where what must outlive the broker is kept: the port that sessions and retained messages are written through.
 *
 * <p>Writing never blocks and never throws: {@link Changes} are appended, each whole or not at all, and an action runs once
 * they and everything appended before them are durable. That is how an acknowledgement waits. Any thread.
 */
public interface Store extends AutoCloseable {

    /**
     * What an earlier run left. Called once, before anything is appended.
     *
     * @throws UnusableStore when it cannot all be read: fewer sessions than there were are not served in silence
     */
    Recovered recover() throws UnusableStore;

    /** A number that nothing in this store has had yet; they grow. */
    long nextNumber();

    /** Makes changes durable, sooner or later, after everything that was appended before. */
    void append(Changes changes);

    /**
     * Makes changes durable, then runs an action: at once, on this thread, where there is nothing to wait for.
     *
     * @param on where the action is to run; handed over in batches
     */
    void append(Changes changes, Executor on, Runnable then);

    /**
     * Reads what waits in a session's queue, oldest first, as it stands after everything appended before.
     *
     * @param afterSequence only what is younger
     * @param upToSequence nothing younger
     * @param maxBytes as many as fit, but at least one
     * @param then called once, on any thread
     */
    void read(
            StoredSession session,
            long afterSequence,
            long upToSequence,
            int maxMessages,
            long maxBytes,
            Consumer<Page> then);

    /** Whether messages are taken; false once the disk is full or failed, and what cannot be promised is refused. */
    boolean isWritable();

    @Override
    void close();
}

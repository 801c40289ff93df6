package io.gatehouse.store;

/**
 * Where what must outlive the broker is kept: the port that sessions and retained messages are written through.
 *
 * <p>Writing never blocks and never throws: changes are appended, in order, and {@link #whenDurable} runs an action once
 * everything appended before it is safe. That is how an acknowledgement waits. Any thread.
 */
public interface Store extends AutoCloseable {

    /** Runs an action once everything appended before is durable; at once where there is nothing to wait for. */
    void whenDurable(Runnable action);

    /** Whether appends are taken; false once the disk is full or failed, and what cannot be promised is refused. */
    boolean isWritable();

    @Override
    void close();
}

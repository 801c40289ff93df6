package io.gatehouse.store;

/** Nothing outlives the broker, and everything is at once as durable as it will ever be. */
public final class MemoryStore implements Store {
    @Override
    public void whenDurable(Runnable action) {
        action.run();
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void close() {
        // nothing to let go of
    }
}
